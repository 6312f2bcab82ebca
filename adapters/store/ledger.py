"""The ledger in SQL: journals go in whole, balances come out of the rows that the triggers keep."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from adapters.store.database import Connection
from trading.accounting.journal import Journal


def post(connection: Connection, journal: Journal, book: str, strategy: str, symbol: str, at: datetime) -> None:
    """Store `journal` for one sub-account; one that was stored before (same id) changes nothing."""
    post_all(connection, [(journal, at)], book, strategy, symbol)


def post_all(
    connection: Connection, journals: Sequence[tuple[Journal, datetime]], book: str, strategy: str, symbol: str
) -> None:
    """Store dated journals of one sub-account, as `post`."""
    lines = [
        {"id": journal.journal_id, "line": number, "account": line.account, "currency": line.currency}
        | {"amount": line.amount}
        for journal, _ in journals
        for number, line in enumerate(journal.lines)
    ]
    heads = [{"id": journal.journal_id, "kind": journal.kind, "ref": journal.ref, "at": at} for journal, at in journals]
    connection.write("journals", book=book, strategy=strategy, symbol=symbol, heads=heads, lines=lines)


@dataclass(frozen=True)
class Held:
    """What an order has reserved (any currency: it has one) and how many journals speak of it."""

    amount: Decimal = Decimal(0)
    journals: int = 0

    def __add__(self, other: "Held") -> "Held":
        return Held(self.amount + other.amount, self.journals + other.journals)


def ask_held(connection: Connection, client_id: str) -> Callable[[], Held]:
    """Ask what the order holds now; the answer is waited for when it is called for."""
    cursor = connection.execute(
        "select coalesce(sum(e.amount) filter (where e.account = 'reserved'), 0) as amount,"
        " count(distinct j.journal_id) as journals"
        " from trading.journals as j inner join trading.ledger_entries as e using (journal_id) where j.ref = %s",
        (client_id,),
    )

    def answer() -> Held:
        row = cursor.fetchone()
        return Held() if row is None else Held(row["amount"], row["journals"])

    return answer


def owned(connection: Connection, book: str) -> dict[str, Decimal]:
    """Return what the book owns per currency (cash, reserved and position together), without zeros."""
    rows = connection.execute(
        "select currency, sum(amount) as amount from trading.balances"
        " where book = %s and account in ('cash', 'reserved', 'position') group by currency having sum(amount) <> 0",
        (book,),
    )
    return {row["currency"]: row["amount"] for row in rows}


def imbalance(connection: Connection, book: str) -> Decimal:
    """Return the largest absolute sum over all accounts of any currency; zero for a sound book."""
    row = connection.execute(
        "select coalesce(max(abs(total)), 0) as worst from"
        " (select sum(amount) as total from trading.ledger_entries where book = %s group by currency) as sums",
        (book,),
    ).fetchone()
    return Decimal(0) if row is None else row["worst"]
