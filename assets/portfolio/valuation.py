"""What both tables of the portfolio start from: the period of the run, the movements of the ledger, the closes."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any

import dagster as dg
import polars as pl

from adapters.store import portfolio
from assets.partitions import window
from assets.resources import Desk
from trading.candle import TS
from trading.money import text
from trading.performance import period
from trading.performance.closes import Close
from trading.performance.equity import Valuation
from trading.performance.movement import Movement
from trading.performance.positions import Position


@dataclass(frozen=True)
class Facts:
    """All that a valuation of `times` needs; no time at all before the start of the book."""

    start: datetime
    times: Sequence[datetime]
    movements: Sequence[Movement]
    closes: Sequence[Close]


def facts(context: dg.AssetExecutionContext, at: Desk, now: datetime) -> Facts:
    """Return what the day of the run needs to be valued, as far as it has come by `now`."""
    first_moment, end = window(context, now)
    with at.database.transaction() as connection:
        start = portfolio.frame(connection, at.book).start
        if first_moment is None:
            span = period.whole(start, at.timeframe, end)
        else:
            span = period.day(first_moment, start, at.timeframe, now)
        if span is None:
            return Facts(start, [], [], [])
        moved = portfolio.movements(connection, at.book, span.closes)
        timeframe = str(at.timeframe)
        closes = portfolio.closes(connection, at.venue, at.symbols, timeframe, span.opens, span.closes)
    return Facts(start, span.times, moved, closes)


def write(at: Desk, table: str, rows: Sequence[Valuation] | Sequence[Position], now: datetime) -> int:
    """Store `rows` where they are new; amounts go in as exact text, never as floats.

    A valuation counts as known since its own time, a further version of it only since `now`.
    """
    if not rows:
        return 0
    columns: dict[str, list[Any]] = {field.name: [] for field in fields(rows[0])}
    for row in rows:
        for name, values in columns.items():
            value = getattr(row, name)
            values.append(text(value) if isinstance(value, Decimal) else value)
    frame = pl.DataFrame(columns, schema_overrides={"ts": TS})
    return at.store.write(table, frame.with_columns(book=pl.lit(at.book), knowledge_ts=pl.col("ts")), now)
