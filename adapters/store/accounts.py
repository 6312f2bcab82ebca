"""Sub-accounts in SQL: balances, working orders, gates and peaks as one `Account`."""

from datetime import datetime
from decimal import Decimal

from adapters.store import ledger, orders
from adapters.store.database import Connection
from trading.account import Account
from trading.accounting.journal import deposit
from trading.errors import BadData
from trading.instrument import Instrument
from trading.money import ZERO, floor_to


def lock(connection: Connection, book: str, strategy: str, symbol: str) -> None:
    """Let one transaction at a time decide for a sub-account."""
    connection.execute("select pg_advisory_xact_lock(hashtextextended(%s, 7466924))", (f"{book}|{strategy}|{symbol}",))


def load(connection: Connection, book: str, strategy: str, instrument: Instrument, signal_id: str) -> Account:
    """Return the sub-account of (book, strategy, instrument.symbol) as the database knows it now.

    `signal_id` is the signal in force: orders of it that the venue refused are counted.
    """
    symbol = instrument.symbol
    rows = connection.execute(
        "select account, currency, amount from trading.balances where book = %s and strategy = %s and symbol = %s",
        (book, strategy, symbol),
    )
    amounts = {(row["account"], row["currency"]): row["amount"] for row in rows}
    gate_open, why = gate(connection, book, instrument.venue, symbol)
    peak = connection.execute(
        "select equity from trading.equity_peaks where book = %s and strategy = %s and symbol = %s",
        (book, strategy, symbol),
    ).fetchone()
    return Account(
        book,
        strategy,
        symbol,
        amounts.get(("cash", instrument.quote), ZERO),
        amounts.get(("reserved", instrument.quote), ZERO),
        amounts.get(("position", instrument.base), ZERO),
        amounts.get(("reserved", instrument.base), ZERO),
        ZERO if peak is None else peak["equity"],
        gate_open,
        why,
        _stopped_at(connection, book, strategy, symbol),
        _stop_floor(connection, book, strategy, symbol),
        _refused(connection, book, strategy, symbol, signal_id),
        orders.of_account(connection, book, strategy, symbol),
    )


def gate(connection: Connection, book: str, venue: str, symbol: str) -> tuple[bool, str]:
    """Return whether entries are allowed, and the first thing that closes the way: halt, symbol state or data gate."""
    row = connection.execute(
        "select why from ("
        " select 1 as rank, 'halt ' || reason as why from trading.halts"
        "  where book = %(book)s and (symbol is null or symbol = %(symbol)s) and lifted_at is null"
        " union all select 2, 'symbol ' || state || ' ' || reason from trading.symbol_states"
        "  where book = %(book)s and symbol = %(symbol)s and state <> 'OPEN'"
        " union all select 3, 'order ' || client_id || ' is UNKNOWN' from trading.orders"
        "  where book = %(book)s and symbol = %(symbol)s and state = 'UNKNOWN'"
        " union all select 4, check_name || ' ' || detail from ops.gates"
        "  where book = %(book)s and venue = %(venue)s and symbol = %(symbol)s and closed"
        ") as reasons order by rank, why limit 1",
        {"book": book, "venue": venue, "symbol": symbol},
    ).fetchone()
    return (True, "") if row is None else (False, row["why"])


def raise_peak(connection: Connection, book: str, strategy: str, symbol: str, equity: Decimal) -> None:
    """Remember `equity` when it is the highest yet."""
    connection.execute(
        "insert into trading.equity_peaks as p (book, strategy, symbol, equity) values (%s, %s, %s, %s)"
        " on conflict (book, strategy, symbol) do update set equity = excluded.equity where excluded.equity > p.equity",
        (book, strategy, symbol, equity),
    )


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


def _stopped_at(connection: Connection, book: str, strategy: str, symbol: str) -> datetime | None:
    row = connection.execute(
        "select max(f.ts) as at from trading.fills as f inner join trading.orders as o using (client_id)"
        " where o.book = %s and o.strategy = %s and o.symbol = %s and o.leg = 'stop'",
        (book, strategy, symbol),
    ).fetchone()
    return None if row is None else row["at"]


def _stop_floor(connection: Connection, book: str, strategy: str, symbol: str) -> Decimal | None:
    # Only the newest stop counts, and only while it has not filled: a filled one ended the position it protected.
    row = connection.execute(
        "select o.stop_price from (select * from trading.orders"
        "  where book = %(book)s and strategy = %(strategy)s and symbol = %(symbol)s and leg = 'stop'"
        "  and state not in ('REJECTED', 'ABSENT')"
        "  order by created_at desc, stop_price desc nulls first limit 1) as o"
        " where o.filled = 0 and not exists ("
        "  select 1 from trading.risk_decisions as d where d.book = o.book and d.strategy = o.strategy"
        "  and d.symbol = o.symbol and d.target_quantity = 0 and d.decided_at >= o.created_at)",
        {"book": book, "strategy": strategy, "symbol": symbol},
    ).fetchone()
    return None if row is None else row["stop_price"]


def _refused(connection: Connection, book: str, strategy: str, symbol: str, signal_id: str) -> int:
    row = connection.execute(
        "select count(*) as refused from trading.orders as o where o.book = %s and o.strategy = %s and o.symbol = %s"
        " and o.signal_id = %s and (o.state = 'REJECTED' or (o.state = 'EXPIRED' and o.filled = 0))"
        # An attempt that another one followed was not refused: it came too late, or never left.
        " and not exists (select 1 from trading.orders as n where n.signal_id = o.signal_id"
        "  and n.decision_no = o.decision_no and n.leg = o.leg and n.attempt > o.attempt)",
        (book, strategy, symbol, signal_id),
    ).fetchone()
    return 0 if row is None else row["refused"]


def valid_until(connection: Connection, signal_id: str) -> datetime:
    """Return the expiry of an accepted signal; BadData when the inbox does not hold it."""
    row = connection.execute(
        "select (body ->> 'valid_until')::timestamptz as at from trading.inbox where signal_id = %s", (signal_id,)
    ).fetchone()
    if row is None:
        raise BadData(f"signal {signal_id} is not in trading.inbox")
    return row["at"]
