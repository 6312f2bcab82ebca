"""The last order book of each bar, as it was known at the close of the bar."""

from collections.abc import Sequence
from datetime import datetime

from adapters.store.database import Connection
from trading.market.depth_features import LEVELS, LastBook
from trading.order_book import Level, OrderBook
from trading.timeframe import Timeframe

_LAST = """
select distinct on (b.symbol, b.bar) b.symbol, b.bar, b.state, b.sequence, b.ts,
    b.bids[1:%(levels)s] as bids, b.asks[1:%(levels)s] as asks
from (
    select o.*, date_bin(%(bar)s, o.ts, %(origin)s) as bar from market.order_books as o
    where o.venue = %(venue)s and o.symbol = any(%(symbols)s) and o.ts >= %(start)s and o.ts < %(end)s
) as b
where b.knowledge_ts <= b.bar + %(bar)s
order by b.symbol, b.bar, b.ts desc, b.knowledge_ts desc
"""


def read(
    connection: Connection, venue: str, symbols: Sequence[str], timeframe: Timeframe, start: datetime, end: datetime
) -> list[LastBook]:
    """Return the last books of the bars with start <= ts < end, by symbol and bar.

    A bar whose last news is that the book is not sound, or that has no book, is left out; so is what became known after
    the close of the bar.
    """
    bars = {"bar": timeframe.delta, "origin": timeframe.open_of(start), "start": start, "end": end}
    asked = {"venue": venue, "symbols": list(symbols), "levels": LEVELS, **bars}
    rows = connection.execute(_LAST, asked).fetchall()
    return [
        LastBook(
            row["symbol"],
            row["bar"],
            OrderBook(row["symbol"], _levels(row["bids"]), _levels(row["asks"]), row["sequence"], row["ts"]),
        )
        for row in rows
        if row["state"] == "LIVE"
    ]


def _levels(rows: Sequence[Sequence[object]]) -> tuple[Level, ...]:
    return tuple(Level(price, quantity) for price, quantity in rows)  # pyright: ignore[reportArgumentType]
