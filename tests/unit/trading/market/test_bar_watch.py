"""Final bars of a stream: sound, wrong, missing, and healed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from trading.candle import Candle
from trading.market.bar_watch import BarWatch
from trading.timeframe import Timeframe

AT = datetime(2026, 3, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
BAR = Candle(AT, 10, 12, 9, 11, 5)


def bar(minute: int, **changes: float) -> Candle:
    return replace(BAR, ts=AT + minute * MINUTE, **changes)


def watch(*bars: Candle) -> BarWatch:
    made = BarWatch(Timeframe.parse("1m"))
    for one in bars:
        made.take(one, one.ts + MINUTE)
    return made


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"high": float("nan")}, "not finite"),
        ({"close": float("inf")}, "not finite"),
        ({"low": 0.0}, "price not positive"),
        ({"open": -10.0}, "price not positive"),
        ({"volume": -1.0}, "volume negative"),
        ({"high": 8.0}, "high below low"),
        ({"close": 13.0}, "open or close outside range"),
        ({"high": 1e300}, "absurd value"),
    ],
)
def test_a_bar_that_contradicts_itself_is_wrong_until_a_sound_one_follows(changes: dict[str, float], reason: str):
    watching = watch(bar(0))
    assert watching.take(bar(1, **changes), AT + 2 * MINUTE) == reason
    assert list(watching.wrong) == [reason]
    assert watching.take(bar(1), AT + 2 * MINUTE) == ""
    assert watching.wrong == {}


def test_a_bar_off_the_grid_or_before_its_end_is_wrong():
    assert watch().take(replace(BAR, ts=AT + timedelta(seconds=1)), AT + 9 * MINUTE) == "unaligned time"
    assert watch().take(bar(1), AT + MINUTE + timedelta(seconds=57)) == "not closed"
    assert watch().take(bar(1), AT + MINUTE + timedelta(seconds=58)) == ""


def test_the_same_bar_twice_is_nothing_and_with_other_numbers_is_wrong():
    watching = watch(bar(0))
    assert watching.take(bar(0), AT + MINUTE) == ""
    assert watching.take(bar(0, close=10.5), AT + MINUTE) == "conflicting duplicate"
    assert watching.take(bar(1), AT + 2 * MINUTE) == ""
    assert watching.wrong == {}


def test_a_gap_lasts_until_it_is_filled_and_grows():
    watching = watch(bar(0), bar(3))
    assert watching.gap == (AT + MINUTE, AT + 3 * MINUTE)
    assert watching.wrong == {"gap": "2 bars from 2026-03-01T00:01:00+00:00 were not told"}
    watching.take(bar(4), AT + 5 * MINUTE)
    assert "2 bars" in watching.wrong["gap"]
    watching.take(bar(6), AT + 7 * MINUTE)
    assert watching.gap == (AT + MINUTE, AT + 6 * MINUTE)
    watching.filled()
    assert watching.wrong == {}
    watching.take(bar(2), AT + 9 * MINUTE)  # late: nothing is missing now that was not before
    assert watching.wrong == {}
