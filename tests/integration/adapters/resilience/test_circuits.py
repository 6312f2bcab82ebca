"""Broken endpoints over real HTTP: asked again, then left alone by all processes until one of them tries."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from itertools import pairwise
from time import sleep

import pytest
import stamina
from prometheus_client import CollectorRegistry, generate_latest

from adapters.exchange.market_data import MarketData
from adapters.exchange.passage import Held
from adapters.resilience.budget import Budget
from adapters.resilience.circuits import Circuits, circuits_of
from adapters.resilience.liaison import Liaison
from adapters.store.database import Database
from adapters.telemetry.venue_metrics import VenueMetrics
from tests.integration.adapters.resilience.readers import PLENTY, VENUE, Noted, read_once, reader, warned
from tests.integration.simulator.simulator_process import SimulatorProcess
from trading.errors import TradewindError, Unavailable
from trading.order import Side
from trading.ports import Known, Verdict

KLINES = "GET klines"


@contextmanager
def opened(simulator: SimulatorProcess, database: Database, **numbers: float) -> Iterator[tuple[MarketData, Noted]]:
    data, noted = reader(simulator.ready["rest_url"], database, **numbers)
    data.instruments(["BTC/USDT"])
    noted.went.clear()
    try:
        yield data, noted
    finally:
        data.close()


def break_next(simulator: SimulatorProcess, number: int, fault: str = "unavailable_503", on: str = "market") -> None:
    rule = {"fault": fault, "on": on, "next": number, "symbol": "BTCUSDT" if on == "market" else None}
    simulator.control().faults({"seed": 1, "rules": [{k: v for k, v in rule.items() if v is not None}]})


def state(database: Database, endpoint: str = KLINES) -> str:
    with database.transaction() as connection:
        return next((each.state for each in circuits_of(connection, VENUE) if each.endpoint == endpoint), "CLOSED")


def test_a_read_that_fails_in_passing_is_read_again(simulator: SimulatorProcess, db: Database):
    with opened(simulator, db) as (data, noted):
        break_next(simulator, 2)
        assert read_once(data) == 3
        times = [at for at, _ in noted.went]
        assert len(times) == 3
        assert all(later - at > 0.02 for at, later in pairwise(times))
        with stamina.set_testing(True, attempts=4):
            for fault in ("reset_before", "html_200", "truncated_200", "object_200"):
                noted.went.clear()
                break_next(simulator, 2, fault)
                assert (fault, read_once(data), len(noted.went)) == (fault, 3, 3)
        assert state(db) == "CLOSED"


def test_what_the_venue_refuses_is_not_asked_again(simulator: SimulatorProcess, db: Database):
    with opened(simulator, db) as (data, noted):
        break_next(simulator, 9, "revoked_401")
        with pytest.raises(TradewindError):
            read_once(data)
        assert len(noted.went) == 1
        assert state(db) == "CLOSED"


def test_reads_of_an_account_are_repeated_and_an_order_never(simulator: SimulatorProcess):
    venue = simulator.venue()
    break_next(simulator, 2, on="account")
    assert isinstance(venue.balances(), Known)
    order = simulator.order(Side.BUY, "0.1")
    break_next(simulator, 9, on="order")
    assert venue.send(order).verdict is Verdict.UNKNOWN
    assert simulator.control().struck() == [1]


def test_a_broken_endpoint_is_left_alone_and_then_tried_by_one(simulator: SimulatorProcess, db: Database):
    numbers = {"threshold": 3, "first_seconds": 1.0}
    with stamina.set_testing(True, attempts=4), opened(simulator, db, **numbers) as (data, noted):
        break_next(simulator, 4)
        with pytest.raises(Held, match=r"simulator is not asked.*HTTP 503.*ops.circuit_breakers"):
            read_once(data)
        assert (state(db), len(noted.went)) == ("OPEN", 3)
        # Another process, and one that starts now, know it at once; other endpoints are not concerned.
        with Database(db.url, size=1) as other, opened(simulator, other, **numbers) as (second, seconds_notes):
            with pytest.raises(Held):
                read_once(second)
            assert seconds_notes.went == []
        sleep(1.1)
        with pytest.raises(Held):
            read_once(data)  # the one that tries, and fails: for twice as long now
        assert len(noted.went) == 4
        sleep(1.1)
        with pytest.raises(Held):
            read_once(data)
        assert len(noted.went) == 4
        sleep(1.1)
        assert read_once(data) == 3
        assert (state(db), len(noted.went)) == ("CLOSED", 5)
        assert [line["status"] for line in warned(simulator)] == [503] * 4


def test_who_has_patience_waits_for_the_trial(simulator: SimulatorProcess, db: Database):
    with opened(simulator, db, patience=10.0, threshold=2, first_seconds=0.5) as (data, noted):
        break_next(simulator, 3)
        assert read_once(data) == 3
        assert len(noted.went) == 4


def test_of_many_that_may_try_one_does(db: Database):
    circuits = Circuits(db, threshold=1, first_seconds=0.1, probe_seconds=0.5)
    circuits.leave(VENUE, KLINES, worked=False, detail="down")
    sleep(0.2)
    with Database(db.url, size=8) as wide, ThreadPoolExecutor(8) as pool:
        many = Circuits(wide, probe_seconds=0.5)
        for _ in range(2):  # the one that tries may die: then another does
            answers = list(pool.map(lambda _: many.enter(VENUE, KLINES), range(8)))
            assert sorted(answer.seconds == 0 for answer in answers) == [False] * 7 + [True]
            assert {answer.why for answer in answers} == {"HALF_OPEN", "down"}
            sleep(0.6)


def test_a_success_from_before_it_opened_proves_nothing(db: Database):
    circuits = Circuits(db, threshold=2, first_seconds=60.0)
    for _ in range(2):
        circuits.leave(VENUE, KLINES, worked=False)
    circuits.leave(VENUE, KLINES, worked=True)
    assert state(db) == "OPEN"


def test_one_success_between_failures_begins_the_count_anew(db: Database):
    circuits = Circuits(db, threshold=2)
    for worked in (False, True, False):
        circuits.leave(VENUE, KLINES, worked=worked)
    assert state(db) == "CLOSED"
    circuits.leave(VENUE, KLINES, worked=False)
    assert state(db) == "OPEN"


def test_execution_sends_and_reads_whatever_the_circuits_say(simulator: SimulatorProcess, db: Database):
    circuits = Circuits(db, threshold=1, first_seconds=600.0)
    for endpoint in (KLINES, "GET exchangeInfo", "POST order", "GET account", "GET ticker/price", "DELETE order"):
        circuits.leave(VENUE, endpoint, worked=False)
    liaison = Liaison(VENUE, PLENTY, db, Budget(db))
    liaison.look()
    assert len(liaison.circuits) == 6
    venue = simulator.venue(passage=liaison, waits=liaison.waits)
    assert isinstance(venue.last_price("BTC/USDT"), Known)
    assert venue.send(simulator.order(Side.SELL, "0.1")).filled == Decimal("0.1")


def test_analysts_and_metrics_see_the_circuits(db: Database):
    Circuits(db, threshold=1).leave(VENUE, KLINES, worked=False, detail="HTTP 503")
    Circuits(db).pause(VENUE, 429, 30)
    liaison = Liaison(VENUE, PLENTY, db, Budget(db))
    liaison.look()
    registry = CollectorRegistry()
    registry.register(VenueMetrics(liaison))
    told = generate_latest(registry).decode()
    assert f'tradewind_venue_circuit{{endpoint="{KLINES}",venue="{VENUE}"}} 1.0' in told
    assert f'tradewind_venue_used_units{{venue="{VENUE}"}} 0.0' in told
    with db.transaction() as connection:
        row = connection.execute("select * from analytics.venue_circuits").fetchone()
    assert row is not None
    assert (row["state"], row["detail"], row["paused_until"] is not None) == ("OPEN", "HTTP 503", True)


def test_without_the_database_nobody_reads_in_bulk(simulator: SimulatorProcess, db: Database):
    with Database("postgresql://nobody@127.0.0.1:1/none", size=1) as nowhere:
        nowhere._pool.timeout = 1
        data, noted = reader(simulator.ready["rest_url"], nowhere)
        with pytest.raises(Unavailable, match="TRADEWIND_DATABASE_URL"):
            read_once(data)
        assert noted.went == []
        data.close()
