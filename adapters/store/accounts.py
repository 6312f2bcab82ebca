"""Sub-accounts in SQL: their funds, their highest equity, and what closes the way to new risk."""

from datetime import datetime
from decimal import Decimal

from adapters.store import ledger
from adapters.store.database import Connection
from trading.accounting.journal import deposit
from trading.errors import BadData
from trading.money import floor_to

#: The first thing that closes the way to new risk, null when nothing does: halt, symbol state, doubt or data gate.
GATE = """
select why from (
    select 1 as rank, 'halt ' || reason as why from trading.halts
    where book = %(book)s and (symbol is null or symbol = %(symbol)s) and lifted_at is null
    union all select 2, 'symbol ' || state || ' ' || reason from trading.symbol_states
    where book = %(book)s and symbol = %(symbol)s and state <> 'OPEN'
    union all select 3, 'order ' || client_id || ' is UNKNOWN' from trading.orders
    where book = %(book)s and symbol = %(symbol)s and state = 'UNKNOWN'
    union all select 4, check_name || ' ' || detail from ops.gates
    where book = %(book)s and venue = %(venue)s and symbol = %(symbol)s and closed
    -- A book without a collector has no row here; one whose collector is silent cannot know what is wrong.
    union all select 5, 'collector silent' from ops.heartbeats
    where service = 'collector' and book = %(book)s and at < clock_timestamp() - interval '5 s'
) as reasons order by rank, why limit 1
"""


def lock(connection: Connection, book: str, strategy: str, symbol: str) -> None:
    """Let one transaction at a time decide for a sub-account."""
    connection.execute("select pg_advisory_xact_lock(hashtextextended(%s, 7466924))", (f"{book}|{strategy}|{symbol}",))


def gate(connection: Connection, book: str, venue: str, symbol: str) -> tuple[bool, str]:
    """Return whether entries are allowed, and the first thing that closes the way: halt, symbol state or data gate."""
    row = connection.execute(
        f"select ({GATE}) as why",
        {"book": book, "venue": venue, "symbol": symbol},
    ).fetchone()
    return (True, "") if row is None or row["why"] is None else (False, row["why"])


def raise_peak(connection: Connection, book: str, strategy: str, symbol: str, equity: Decimal) -> None:
    """Remember `equity` when it is the highest yet."""
    connection.write("peak", book=book, strategy=strategy, symbol=symbol, equity=equity)


def fund(
    connection: Connection, book: str, owners: list[tuple[str, str]], currency: str, total: Decimal, at: datetime
) -> None:
    """Pay `total` in, in equal whole-cent shares to the (strategy, symbol) owners; the rest goes to the treasury."""
    share = floor_to(total / len(owners), Decimal("0.01"))
    for strategy, symbol in owners:
        ledger.post(connection, deposit(book, strategy, symbol, currency, share), book, strategy, symbol, at)
        raise_peak(connection, book, strategy, symbol, share)
    rest = total - share * len(owners)
    if rest:
        ledger.post(connection, deposit(book, "treasury", "-", currency, rest), book, "treasury", "-", at)


def valid_until(connection: Connection, signal_id: str) -> datetime:
    """Return the expiry of an accepted signal; BadData when the inbox does not hold it."""
    row = connection.execute(
        "select (body ->> 'valid_until')::timestamptz as at from trading.inbox where signal_id = %s", (signal_id,)
    ).fetchone()
    if row is None:
        raise BadData(f"signal {signal_id} is not in trading.inbox")
    return row["at"]
