"""Executions on the account of a book in a period, ours and strangers', and what the database itself sums up."""

from datetime import datetime
from typing import LiteralString

from adapters.store.database import Connection
from adapters.store.spelled import spelled
from trading.compliance.regulatory import Total, Transaction


def load(connection: Connection, book: str, after: datetime, until: datetime) -> list[Transaction]:
    """Return the executions of `book` in (after, until], by time."""
    rows = connection.execute(_TRANSACTIONS, {"book": book, "after": after, "until": until})
    return [Transaction(**row) for row in rows]


def totals(connection: Connection, book: str, after: datetime, until: datetime) -> list[Total]:
    """Return what the database sums up of the same executions, by symbol and side."""
    rows = connection.execute(TOTALS, {"book": book, "after": after, "until": until})
    return [Total(**row) for row in rows]


def queries(book: str, after: datetime, until: datetime) -> dict[str, str]:
    """Return SQL by what it answers, filled in."""
    values = {"book": book, "after": after, "until": until}
    asked = {"the transactions": _TRANSACTIONS, "their totals, as the database sums them up": TOTALS}
    return {title: spelled(statement, values) for title, statement in asked.items()}


_TRANSACTIONS: LiteralString = (
    "select 'OURS' as origin, f.trade_id, f.ts, f.venue, f.book, f.symbol, split_part(f.symbol, '/', 1) as base,"
    " split_part(split_part(f.symbol, '/', 2), ':', 1) as quote, f.side, f.quantity, f.price, f.fee, f.fee_currency,"
    " f.venue_order_id, f.client_id, o.type as order_type, o.leg, o.strategy, s.config_version as strategy_version,"
    " d.limits_version, o.signal_id, d.decided_at from trading.fills as f"
    " inner join trading.orders as o using (client_id)"
    " inner join trading.risk_decisions as d on o.signal_id = d.signal_id and o.decision_no = d.decision_no"
    " left join signals.strategy_signals as s on o.signal_id = s.signal_id"
    " where f.book = %(book)s and f.ts > %(after)s and f.ts <= %(until)s"
    " union all select 'FOREIGN', t.trade_id, t.ts, t.venue, t.book, t.symbol, split_part(t.symbol, '/', 1),"
    " split_part(split_part(t.symbol, '/', 2), ':', 1), t.side, t.quantity, t.price, t.fee, t.fee_currency,"
    " t.venue_order_id, null, null, null, null, null, null, null, null from trading.foreign_trades as t"
    " where t.book = %(book)s and t.ts > %(after)s and t.ts <= %(until)s order by 3, 6, 2"
)
TOTALS: LiteralString = (
    "select t.symbol, t.side, count(*)::int as transactions, sum(t.quantity) as quantity,"
    " sum(t.quantity * t.price) as value from ("
    "select symbol, side, quantity, price, book, ts from trading.fills"
    " union all select symbol, side, quantity, price, book, ts from trading.foreign_trades) as t"
    " where t.book = %(book)s and t.ts > %(after)s and t.ts <= %(until)s group by t.symbol, t.side order by 1, 2"
)
