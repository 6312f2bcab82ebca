"""What is missing, cut into batches of whole days."""

import random
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from trading.candle import TS
from trading.market.holes import batches
from trading.timeframe import Timeframe

START = datetime(2026, 2, 1, tzinfo=UTC)
HOUR, MINUTE, DAY = (Timeframe.parse(name) for name in ("1h", "1m", "1d"))


def series(*times: datetime) -> pl.Series:
    return pl.Series(list(times), dtype=TS)


def opens(timeframe: Timeframe, start: datetime, end: datetime) -> list[datetime]:
    return [start + n * timeframe.delta for n in range((end - start) // timeframe.delta)]


def test_an_empty_history_is_one_hole_per_batch_of_whole_days():
    found = batches(series(), HOUR, START, START + timedelta(days=100))
    assert sum(batch.bars for batch in found) == 2400
    assert all(batch.bars <= 1000 for batch in found)
    assert [len(batch.holes) for batch in found] == [1] * len(found)
    assert [day for batch in found for day in batch.days] == [date(2026, 2, 1) + timedelta(n) for n in range(100)]
    minutes = batches(series(), MINUTE, START, START + timedelta(days=3))
    assert [(batch.bars, len(batch.days)) for batch in minutes] == [(1440, 1)] * 3


def test_holes_are_exactly_what_is_missing(seed: int):
    chance = random.Random(seed)
    every = opens(HOUR, START, START + timedelta(days=90))
    stored = sorted(chance.sample(every, 1500))
    found = batches(series(*stored), HOUR, START, every[-1] + HOUR.delta)
    asked = [ts for batch in found for hole in batch.holes for ts in opens(HOUR, *hole)]
    assert asked == sorted(set(every) - set(stored))
    for batch in found:
        assert all(before[1] < after[0] for before, after in zip(batch.holes, batch.holes[1:], strict=False))


def test_what_is_done_or_not_closed_is_left_out():
    now = START + timedelta(days=2, hours=5, minutes=30)
    (batch,) = batches(series(), HOUR, START, START + timedelta(days=9), {date(2026, 2, 1)}, now)
    assert batch.holes == ((START + timedelta(days=1), START + timedelta(days=2, hours=5)),)
    # The day that is not over will have more.
    assert batch.days == (date(2026, 2, 2),)


def test_a_day_of_which_a_part_was_wanted_is_not_done():
    (batch,) = batches(series(), HOUR, START + timedelta(minutes=30), START + timedelta(days=1, hours=3))
    assert batch.holes == ((START + HOUR.delta, START + timedelta(days=1, hours=3)),)
    assert batch.days == ()


@pytest.mark.parametrize("timeframe", [DAY, Timeframe.parse("1w"), HOUR])
def test_nothing_is_missing_of_what_is_whole(timeframe: Timeframe):
    start = timeframe.open_of(START)
    every = opens(timeframe, start, start + 40 * timeframe.delta)
    assert batches(series(*every), timeframe, start, every[-1] + timeframe.delta) == []
    assert batches(series(), timeframe, start, start) == []
