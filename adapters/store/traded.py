"""What a book did, read back from the database in the shape in which a backtest tells it."""

from adapters.store import orders, portfolio
from adapters.store.database import Connection
from trading.backtest.result import Decided, Placed, Traded
from trading.fill import Fill
from trading.order import Side
from trading.timeframe import EPOCH


def load(connection: Connection, book: str) -> Traded:
    """Return decisions, orders, fills and the stored equity curve of `book`, oldest first."""
    end = EPOCH.replace(year=9999)
    return Traded(
        _decisions(connection, book),
        _orders(connection, book),
        _fills(connection, book),
        portfolio.curve(connection, book, end),
    )


def _decisions(connection: Connection, book: str) -> list[Decided]:
    rows = connection.execute(
        "select signal_id, decision_no, trigger_, verdict, reason, current_quantity, target_quantity, decided_at"
        " from trading.risk_decisions where book = %s order by decided_at, signal_id, decision_no",
        (book,),
    )
    return [Decided(*row.values()) for row in rows]


def _orders(connection: Connection, book: str) -> list[Placed]:
    columns = ", ".join(f"o.{name}" for name in orders.COLUMNS.split(", "))
    rows = connection.execute(
        f"select {columns}, o.created_at, d.reason, coalesce(o.outcome_code, '') as code"  # noqa: S608
        " from trading.orders as o inner join trading.risk_decisions as d"
        " on o.signal_id = d.signal_id and o.decision_no = d.decision_no"
        " where o.book = %s order by o.created_at, o.client_id",
        (book,),
    )
    return [Placed(orders.read(row), row["created_at"], row["reason"], row["code"]) for row in rows]


def _fills(connection: Connection, book: str) -> list[Fill]:
    rows = connection.execute(
        "select f.venue, f.symbol, f.trade_id, f.venue_order_id, f.client_id, f.side, f.price, f.quantity, f.fee,"
        " f.fee_currency, f.ts from trading.fills as f where f.book = %s order by f.ts, length(f.trade_id), f.trade_id",
        (book,),
    )
    return [Fill(**{**row, "side": Side(row["side"])}) for row in rows]
