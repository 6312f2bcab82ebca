from datetime import UTC, datetime, timedelta

import pytest

from adapters.exchange import clock as module
from adapters.exchange.clock import AlignedClock, WallClock
from trading.errors import Unavailable

START = datetime(2026, 3, 1, tzinfo=UTC)


class Venue:
    """A venue whose clock is where the test puts it."""

    def __init__(self) -> None:
        self.time: datetime | None = START
        self.asked = 0

    def now(self) -> datetime:
        self.asked += 1
        if self.time is None:
            raise Unavailable("down")
        return self.time


@pytest.fixture
def elapsed(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    seconds = [1000.0]
    monkeypatch.setattr(module, "monotonic", lambda: seconds[0])
    return seconds


def test_it_runs_beside_the_venue_without_asking(elapsed: list[float]):
    venue = Venue()
    clock = AlignedClock(venue)
    assert clock.now() == START
    elapsed[0] += 30
    assert clock.now() == START + timedelta(seconds=30)
    assert venue.asked == 1


def test_it_never_goes_back_and_follows_the_venue_again_once_it_is_ahead(elapsed: list[float]):
    venue = Venue()
    clock = AlignedClock(venue)
    clock.now()
    elapsed[0] += 10
    assert clock.now() == START + timedelta(seconds=10)
    venue.time = START + timedelta(seconds=7)
    clock.align()
    assert clock.now() == START + timedelta(seconds=10)
    elapsed[0] += 5
    assert clock.now() == START + timedelta(seconds=12)


def test_an_old_setting_is_renewed_and_serves_while_the_venue_is_silent(elapsed: list[float]):
    venue = Venue()
    clock = AlignedClock(venue)
    clock.now()
    venue.time = None
    elapsed[0] += 100
    assert clock.now() == START + timedelta(seconds=100)
    assert venue.asked == 2
    with pytest.raises(Unavailable):
        AlignedClock(venue).now()


def test_the_skew_is_the_machines_against_the_venues():
    venue = Venue()
    venue.time = WallClock().now() - timedelta(seconds=3)
    assert timedelta(seconds=2.9) < AlignedClock(venue).align() < timedelta(seconds=4)
