"""The outlook of a book: everything that stands in the database and waits for execution, in one round trip."""

from dataclasses import dataclass
from datetime import datetime

from adapters.store import orders, triggers
from adapters.store.database import Database
from adapters.store.triggers import Trigger
from trading.order import Order


@dataclass(frozen=True)
class Outlook:
    """The living orders oldest first, the sub-accounts to decide about anew, and the symbols to reconcile."""

    living: list[Order]
    due: list[Trigger]
    reconciling: frozenset[str]


def read(database: Database, book: str, now: datetime) -> Outlook:
    """Return the outlook of `book` at market time `now`."""
    with database.transaction() as connection, connection.pipeline():
        symbols = connection.execute(
            "select symbol from trading.symbol_states where book = %s and state = 'RECONCILING'", (book,)
        )
        due = triggers.ask_due(connection, book)
        over = triggers.ask_over(connection, book, now)
        living = orders.living(connection, book)
        return Outlook(living, [*due(), *over()], frozenset(row["symbol"] for row in symbols.fetchall()))
