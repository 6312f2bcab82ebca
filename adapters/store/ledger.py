"""The ledger in SQL: journals go in whole, balances come out of the rows that the triggers keep."""

from datetime import datetime
from decimal import Decimal

from adapters.store.database import Connection
from trading.accounting.journal import Journal


def post(connection: Connection, journal: Journal, book: str, strategy: str, symbol: str, at: datetime) -> bool:
    """Store `journal` for one sub-account; False when it was stored before (same id), and then nothing changes."""
    added = connection.execute(
        "insert into trading.journals (journal_id, book, kind, ref, at) values (%s, %s, %s, %s, %s)"
        " on conflict (journal_id) do nothing",
        (journal.journal_id, book, journal.kind, journal.ref, at),
    ).rowcount
    if not added:
        return False
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into trading.ledger_entries"
            " (journal_id, line, book, strategy, symbol, account, currency, amount)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s)",
            [
                (journal.journal_id, number, book, strategy, symbol, line.account, line.currency, line.amount)
                for number, line in enumerate(journal.lines)
            ],
        )
    return True


def outstanding(connection: Connection, client_id: str) -> tuple[Decimal, int]:
    """Return what the order still has reserved (any currency: it has one) and how many journals it has."""
    row = connection.execute(
        "select coalesce(sum(e.amount) filter (where e.account = 'reserved'), 0) as amount,"
        " count(distinct j.journal_id) as journals"
        " from trading.journals as j inner join trading.ledger_entries as e using (journal_id) where j.ref = %s",
        (client_id,),
    ).fetchone()
    return (Decimal(0), 0) if row is None else (row["amount"], row["journals"])


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
