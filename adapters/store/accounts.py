"""Sub-accounts in SQL: their funds, their highest equity, and what closes the way to new risk."""

from datetime import datetime
from decimal import Decimal

from adapters.store import ledger
from adapters.store.database import Connection
from trading.accounting.journal import deposit
from trading.accounting.shares import shares
from trading.errors import BadData


def gate(connection: Connection, book: str, venue: str, symbol: str) -> tuple[bool, str]:
    """Return whether entries are allowed, and the first thing that closes the way: halt, symbol state or data gate."""
    row = connection.execute("select trading.gate(%s, %s, %s) as why", (book, venue, symbol)).fetchone()
    return (True, "") if row is None or row["why"] is None else (False, row["why"])


def raise_peak(connection: Connection, book: str, strategy: str, symbol: str, equity: Decimal) -> None:
    """Remember `equity` when it is the highest yet."""
    connection.write("peak", book=book, strategy=strategy, symbol=symbol, equity=equity)


def fund(
    connection: Connection, book: str, owners: list[tuple[str, str]], currency: str, total: Decimal, at: datetime
) -> None:
    """Pay `total` in, in equal whole-cent shares to the (strategy, symbol) owners; the rest goes to the treasury."""
    share, rest = shares(total, len(owners))
    for strategy, symbol in owners:
        ledger.post(connection, deposit(book, strategy, symbol, currency, share), book, strategy, symbol, at)
        raise_peak(connection, book, strategy, symbol, share)
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
