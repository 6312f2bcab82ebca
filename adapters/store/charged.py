"""Fills with what was charged for them, and the fee rate that their decision saw."""

from datetime import datetime
from decimal import Decimal

from adapters.store.database import Connection
from trading.order import OrderType, Side
from trading.simulation.fee_change import Charged

_FILLS = """
select
    f.side, f.symbol, f.quantity, f.price, f.fee, f.fee_currency, o.type,
    d.inputs -> 'market' -> 'instrument' ->> 'maker_fee' as maker_fee,
    d.inputs -> 'market' -> 'instrument' ->> 'taker_fee' as taker_fee
from trading.fills as f
inner join trading.orders as o on f.client_id = o.client_id
left join trading.risk_decisions as d on o.signal_id = d.signal_id and o.decision_no = d.decision_no
where f.book = %(book)s
    and (%(start)s::timestamptz is null or f.ts >= %(start)s)
    and (%(end)s::timestamptz is null or f.ts < %(end)s)
order by f.ts, f.symbol, length(f.trade_id), f.trade_id
"""


def read(connection: Connection, book: str, start: datetime | None, end: datetime | None) -> list[Charged]:
    """Return the fills of `book` in [start, end), oldest first. An order with a limit counts as a maker's."""
    found = []
    for row in connection.execute(_FILLS, {"book": book, "start": start, "end": end}):
        side, maker = Side(row["side"]), row["type"] == OrderType.LIMIT
        base, quote = row["symbol"].split("/")
        rate = row["maker_fee" if maker else "taker_fee"]
        found.append(
            Charged(
                side,
                row["quantity"],
                row["price"],
                row["fee"],
                row["fee_currency"],
                base if side is Side.BUY else quote,
                maker,
                None if rate is None else Decimal(rate),
            )
        )
    return found
