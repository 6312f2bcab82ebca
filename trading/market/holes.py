"""What a history lacks, cut into batches of whole days that can be read one after another."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import polars as pl

from trading.candle import TS
from trading.timeframe import EPOCH, Timeframe

_DAY = timedelta(days=1)
#: As many bars as venues give in one answer.
_BARS = 1000


@dataclass(frozen=True)
class Batch:
    """Holes to read together: half-open intervals of open times, `bars` in all, and the days that are whole then."""

    holes: tuple[tuple[datetime, datetime], ...]
    bars: int
    days: tuple[date, ...]


def batches(
    stored: pl.Series,
    timeframe: Timeframe,
    start: datetime,
    end: datetime,
    done: Collection[date] = (),
    now: datetime | None = None,
) -> list[Batch]:
    """Return what is missing of the bars that open in [start, end), oldest first.

    Args:
        stored: open times (UTC datetimes) that are there.
        timeframe: the length of the bars.
        start: first open time wanted; the next one on the grid counts.
        end: behind the last.
        done: days that are known to have no more than what is stored; they are left out.
        now: bars that close later are not missing yet, and days that end later are not whole; None when all is past.

    """
    first = timeframe.open_of(start)
    first = first if first == start else first + timeframe.delta
    last = end if now is None else min(end, timeframe.open_of(now))
    if first >= last:
        return []
    grid = pl.DataFrame({"ts": pl.datetime_range(first, last, timeframe.delta, closed="left", eager=True).cast(TS)})
    day = pl.col("ts").dt.date()
    missing = (
        grid.join(pl.DataFrame({"ts": stored.cast(TS)}), on="ts", how="anti")
        .sort("ts")
        .filter(~day.is_in(list(done)))
        .with_columns(batch=(pl.col("ts") - EPOCH).dt.total_seconds() // _span(timeframe))
    )
    whole = last if now is None else min(last, now)
    return [_batch(part["ts"], timeframe, start, whole) for part in missing.partition_by("batch", maintain_order=True)]


def _span(timeframe: Timeframe) -> int:
    """Return for how many seconds a batch goes on: whole days, as many as one answer may hold."""
    return max(1, _BARS * timeframe.seconds // 86_400) * 86_400


def _batch(missing: pl.Series, timeframe: Timeframe, start: datetime, end: datetime) -> Batch:
    runs = (
        pl.DataFrame({"ts": missing})
        .with_columns(run=(pl.col("ts").diff() != timeframe.delta).fill_null(value=True).cum_sum())
        .group_by("run", maintain_order=True)
        .agg(first=pl.col("ts").first(), last=pl.col("ts").last())
    )
    days: list[date] = missing.dt.date().unique().sort().to_list()
    return Batch(
        tuple((first, last + timeframe.delta) for _, first, last in runs.iter_rows()),
        missing.len(),
        tuple(day for day in days if start <= _begin(day) and _begin(day) + _DAY <= end),
    )


def _begin(day: date) -> datetime:
    return EPOCH + (day - EPOCH.date())
