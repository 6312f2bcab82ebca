"""A sample: the rows of one market as a file gave them, together with the views that the findings share."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import polars as pl

from trading.candle import TS
from trading.market.findings.row_rules import broken
from trading.timeframe import EPOCH, Timeframe

#: Columns that are no measurements: evidence of the reader, and labels.
EVIDENCE = ("ts", "text_ts", "unit", "confirmed", "side", "id", "type")

#: A stamp within this share of a bar, and these seconds, of the grid is meant to lie on it.
JITTER_SHARE = 0.01
JITTER_SECONDS = 5.0


@dataclass(frozen=True)
class Sample:
    """Rows of one market in the order of their file: `ts` (UTC) and values, as numbers or text.

    Evidence columns, where the reader has them: `text_ts` (the time that a second, written date tells), `unit` (of the
    epoch number: s, ms, us, ns), `confirmed` (false for a bar that was still open). `span` is what the source says that
    it covers, half-open; `now` the time at which it was served, None when all is history.
    """

    raw: pl.DataFrame
    timeframe: Timeframe | None
    now: datetime | None = None
    span: tuple[datetime, datetime] | None = None
    kind: str = "candles"

    @cached_property
    def values(self) -> Sequence[str]:
        """The names of the measured columns."""
        return [name for name in self.raw.columns if name not in EVIDENCE]

    @cached_property
    def rows(self) -> pl.DataFrame:
        """The rows in their order, times as TS, measurements as Float64; null where that cannot be."""
        numbers = [pl.col(name).cast(pl.Float64, strict=False) for name in self.values]
        return self.raw.with_columns(pl.col("ts").cast(TS), *numbers)

    @cached_property
    def slots(self) -> pl.Series:
        """The grid time that each row is meant for: jitter taken away, other stamps as they are."""
        if self.timeframe is None:
            return self.rows["ts"]
        return self.rows.select(slot_of(self.timeframe)).to_series()

    @cached_property
    def bars(self) -> pl.DataFrame:
        """The rows that break no rule and whose stamp shares the common phase, one per slot, sorted, ts = slot."""
        rows = self.rows.with_columns(ts=self.slots).filter(pl.col("ts").is_not_null())
        if self.kind == "candles":
            rows = rows.filter(self.broken.filter(self.rows["ts"].is_not_null()).is_null())
        if self.timeframe is not None and rows.height:
            offset = rows.select(off_grid(self.timeframe)).to_series()
            on_grid = 2 * int((offset == 0).sum()) >= len(offset)
            rows = rows.filter(offset == (0 if on_grid else offset.mode().min()))
        return rows.unique("ts", keep="first", maintain_order=True).sort("ts")

    @cached_property
    def broken(self) -> pl.Series:
        """The first rule that each row breaks, null for a sound one."""
        return broken(self.raw)


def off_grid(timeframe: Timeframe) -> pl.Expr:
    """Return by how many microseconds `ts` lies behind the UTC grid of `timeframe`."""
    offset = timeframe.open_of(EPOCH) - EPOCH
    return (pl.col("ts") - pl.lit(EPOCH + offset)).dt.total_microseconds() % (timeframe.seconds * 1_000_000)


def slot_of(timeframe: Timeframe) -> pl.Expr:
    """Return the grid time next to `ts` where it is jitter, else `ts`."""
    length = timeframe.seconds * 1_000_000
    tolerance = min(length * JITTER_SHARE, JITTER_SECONDS * 1e6)
    behind = off_grid(timeframe)
    shift = (
        pl.when(behind <= tolerance).then(behind).when(behind >= length - tolerance).then(behind - length).otherwise(0)
    )
    return pl.col("ts") - shift.cast(pl.Duration("us"))
