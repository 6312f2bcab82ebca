from datetime import UTC, datetime, timedelta

import pytest

from adapters.exchange.ccxt_client import WireAnswer
from adapters.exchange.pause import Pause


class Hand:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 1, tzinfo=UTC)
        self.asked = 0

    def now(self) -> datetime:
        self.asked += 1
        return self.time


@pytest.mark.parametrize(
    ("status", "said", "seconds"), [(429, 3.0, 3), (418, 120.0, 120), (429, 2.2, 3), (429, None, 10)]
)
def test_a_pause_lasts_as_long_as_the_venue_says(status: int, said: float | None, seconds: int):
    clock = Hand()
    pause = Pause(clock)
    pause.heed(WireAnswer(status, None, "", said))
    clock.time += timedelta(seconds=seconds)
    assert pause.lasts()
    clock.time += timedelta(milliseconds=1)
    assert not pause.lasts()


def test_the_longer_of_two_pauses_holds():
    clock = Hand()
    pause = Pause(clock)
    pause.heed(WireAnswer(418, None, "", 60))
    pause.heed(WireAnswer(429, None, "", 5))
    clock.time += timedelta(seconds=30)
    assert pause.lasts()


def test_without_a_pause_the_clock_is_not_asked():
    clock = Hand()
    pause = Pause(clock)
    pause.heed(WireAnswer(200, {}, ""))
    pause.heed(WireAnswer(503, None, "", 5))
    assert not pause.lasts()
    assert clock.asked == 0
