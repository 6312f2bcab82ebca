from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.errors import Misconfigured
from trading.timeframe import EPOCH, Timeframe

NAMES = ["1s", "1m", "5m", "1h", "4h", "1d", "1w"]


@pytest.mark.parametrize("name", NAMES)
def test_names_round_trip(name: str):
    assert str(Timeframe.parse(name)) == name


@pytest.mark.parametrize("name", ["", "0m", "1", "m", "1y", "-1h", "1h ", "01h", "1M", "1.5h"])
def test_other_names_are_refused_by_name(name: str):
    with pytest.raises(Misconfigured, match="timeframe"):
        Timeframe.parse(name)


@given(st.sampled_from(NAMES), st.integers(0, 2**32))
def test_every_moment_lies_in_the_bar_that_opens_on_the_grid(name: str, seconds: int):
    frame, moment = Timeframe.parse(name), EPOCH + timedelta(seconds=seconds, microseconds=seconds % 10**6)
    opened = frame.open_of(moment)
    assert opened <= moment < opened + frame.delta
    assert frame.open_of(opened) == opened


def test_weeks_open_on_mondays_and_days_at_midnight():
    moment = datetime(2026, 3, 1, 12, 34, tzinfo=UTC)
    assert Timeframe.parse("1w").open_of(moment) == datetime(2026, 2, 23, tzinfo=UTC)
    assert Timeframe.parse("1d").open_of(moment) == datetime(2026, 3, 1, tzinfo=UTC)


def test_lengths():
    frame = Timeframe.parse("5m")
    assert (frame.delta, frame.milliseconds, frame.bars_per_year) == (timedelta(minutes=5), 300_000, 105_120.0)
    assert str(frame.times(12)) == "1h"
    assert str(Timeframe(90)) == "90s"
