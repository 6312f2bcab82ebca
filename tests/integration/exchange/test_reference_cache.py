"""What can be traded, from a cache: young answers only, none from the future, and none for orders."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.exchange.market_data import MarketData
from adapters.exchange.passage import Reply, Request
from adapters.exchange.reference_cache import MOST_AGE
from tests.integration.simulator.simulator_process import SimulatorProcess
from trading.ports import Known
from trading.timeframe import Timeframe

NOW = datetime(2026, 3, 1, 10, 1, tzinfo=UTC)


@dataclass
class Set:
    """A clock that is set by hand."""

    time: datetime = NOW

    def now(self) -> datetime:
        return self.time


class Counting:
    """Lets all through and counts what went out to the venue."""

    def __init__(self) -> None:
        self.went: list[str] = []

    def enter(self, request: Request) -> None:
        self.went.append(request.endpoint)

    def leave(self, reply: Reply) -> None:
        pass


@dataclass
class Reader:
    """One process that reads what can be traded."""

    data: MarketData
    clock: Set
    sent: Counting

    def tick(self, at: datetime | None = None) -> Decimal:
        self.clock.time = at or self.clock.time
        (found,) = self.data.instruments(["BTC/USDT"])
        return found.tick


def reader_of(simulator: SimulatorProcess, cache: Path) -> Reader:
    clock, sent = Set(), Counting()
    data = MarketData(
        "binance",
        clock,
        venue="simulator",
        rest_url=simulator.ready["rest_url"],
        rate_limit=False,
        passage=lambda _: sent,
        cache=cache,
    )
    return Reader(data, clock, sent)


@pytest.fixture
def readers(simulator: SimulatorProcess, tmp_path: Path) -> Iterator[list[Reader]]:
    made = [reader_of(simulator, tmp_path / "cache" / "reference.sqlite") for _ in range(3)]
    yield made
    for reader in made:
        reader.data.close()


def new_rules(simulator: SimulatorProcess) -> None:
    simulator.control().intervene("rules", symbol="BTC/USDT", tick="0.1")


def test_one_process_asks_and_the_others_know_for_a_while(readers: list[Reader], simulator: SimulatorProcess):
    first, second, third = readers
    assert first.tick() == Decimal("0.01")
    new_rules(simulator)
    assert second.tick(NOW + timedelta(minutes=1)) == Decimal("0.01")
    assert (first.sent.went, second.sent.went) == (["GET exchangeInfo"], [])
    # Too old for a new one, and for those that have it in memory.
    assert third.tick(NOW + MOST_AGE) == Decimal("0.1")
    assert second.tick(NOW + timedelta(minutes=1) + MOST_AGE) == Decimal("0.1")


def test_nobody_is_served_what_was_not_known_at_his_time(readers: list[Reader], simulator: SimulatorProcess):
    first, second, third = readers
    first.tick(NOW)
    new_rules(simulator)
    # Within the same five minutes, a moment before it was known: the venue is asked.
    assert second.tick(NOW - timedelta(seconds=30)) == Decimal("0.1")
    assert second.sent.went == ["GET exchangeInfo"]
    assert third.tick(NOW - timedelta(days=400)) == Decimal("0.1")
    # One whose time goes back does not keep what it knew.
    assert first.tick(NOW - timedelta(minutes=1)) == Decimal("0.1")


def test_orders_are_made_by_what_the_venue_says_now(readers: list[Reader], simulator: SimulatorProcess):
    assert readers[0].tick() == Decimal("0.01")
    venue = simulator.venue()
    venue.instruments(["BTC/USDT"])
    new_rules(simulator)
    answer = venue.instruments(["BTC/USDT"])
    assert isinstance(answer, Known)
    assert answer.value[0].tick == Decimal("0.1")


def test_bars_and_failures_are_not_kept(readers: list[Reader], simulator: SimulatorProcess):
    first, second, _ = readers
    rule = {"fault": "unavailable_503", "on": "market", "next": 1}
    simulator.control().faults({"seed": 1, "rules": [rule]})
    first.tick()
    assert first.sent.went == ["GET exchangeInfo"] * 2
    closed = datetime(2026, 3, 1, tzinfo=UTC)
    for reader in (first, second):
        pages = reader.data.bars("BTC/USDT", Timeframe.parse("1h"), closed - timedelta(hours=9), closed)
        assert sum(page.height for page in pages) == 9
    assert second.sent.went == ["GET klines"]


def test_a_cache_that_is_broken_is_no_cache(simulator: SimulatorProcess, tmp_path: Path):
    (tmp_path / "reference.sqlite").write_bytes(b"not a database, though as long as the header of one would be" * 20)
    reader = reader_of(simulator, tmp_path / "reference.sqlite")
    assert reader.tick() == Decimal("0.01")
    assert reader.sent.went == ["GET exchangeInfo"]
    reader.data.close()
