"""One budget and one pause per venue for many processes, shown on the limits of the simulator."""

import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from time import monotonic, sleep

import pytest
import redis

from adapters.exchange.market_data import MarketData
from adapters.exchange.passage import Allowance, Held, Reply, Request, allowance
from adapters.resilience.budget import BULK, READS, Budget
from adapters.resilience.circuits import Circuits
from adapters.resilience.liaison import Liaison
from adapters.resilience.reading import Reading
from adapters.store.database import Database
from tests.integration.adapters.resilience.readers import PLENTY, VENUE, processes, read_once, reader, warned
from tests.integration.simulator.simulator_process import SimulatorProcess
from trading.order import Side
from trading.ports import Unreachable, Verdict

PROCESSES = 4
#: What ccxt says that a request for bars costs, and one for what can be traded.
KLINES, MARKETS = 4, 40
SMALL = Allowance(240, 60)


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    """The address of a Redis of this test alone."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis: install redis-server to run it")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    with subprocess.Popen([program, *options], stdout=subprocess.DEVNULL) as server:
        with redis.Redis(port=port) as client:
            while True:
                try:
                    client.ping()
                    break
                except redis.ConnectionError:
                    sleep(0.05)
        yield f"redis://127.0.0.1:{port}/0"
        server.terminate()


def exhaust(data: MarketData) -> None:
    while True:
        read_once(data)


@pytest.mark.parametrize("kept_in", ["postgres", "redis"])
def test_processes_together_never_ask_more_than_the_venue_bears(
    start_simulator: Callable[..., SimulatorProcess],
    db: Database,
    kept_in: str,
    request: pytest.FixtureRequest,
):
    url = request.getfixturevalue("redis_url") if kept_in == "redis" else None
    # Its weights are half of ccxt's units.
    simulator = start_simulator(weight_limit=SMALL.units // 2)
    asked = {"rest_url": simulator.ready["rest_url"], "database": db.url, "redis_url": url}
    told = processes(PROCESSES, allowance=SMALL, seconds=20, patience=0.0, **asked)
    went = [endpoint for each, _ in told for _, endpoint in each]
    spent = sum(MARKETS if endpoint == "GET exchangeInfo" else KLINES for endpoint in went)
    assert SMALL.units - MARKETS < spent <= SMALL.units
    assert len([each for each, _ in told if each]) > 1
    assert warned(simulator) == []
    assert Budget(db, url).used(VENUE, SMALL) == spent


def test_a_backfill_leaves_room_for_other_reads_and_both_for_orders(
    start_simulator: Callable[..., SimulatorProcess], db: Database
):
    simulator = start_simulator(weight_limit=SMALL.units // 2)
    budget = Budget(db)
    for share in (BULK, READS):
        data, noted = reader(simulator.ready["rest_url"], db, SMALL, share=share)
        with pytest.raises(Held, match="budget shared by all processes is spent"):
            exhaust(data)
        data.close()
        assert len(noted.went) > 1
        assert SMALL.units * share - KLINES < budget.used(VENUE, SMALL) <= SMALL.units * share
    liaison = Liaison(VENUE, SMALL, db, budget)
    venue = simulator.venue(passage=liaison, waits=liaison.waits)
    before = budget.used(VENUE, SMALL)
    for _ in range(10):
        assert venue.send(simulator.order(Side.SELL, "0.01")).filled == Decimal("0.01")
    liaison.look()
    # Ten orders of two units each, and once what can be traded.
    assert budget.used(VENUE, SMALL) == before + 10 * 2 + MARKETS
    assert warned(simulator) == []


def test_what_orders_used_is_taken_from_what_others_may_read(db: Database):
    budget = Budget(db)
    liaison = Liaison(VENUE, SMALL, db, budget)
    for _ in range(60):
        liaison.enter(Request("POST order", 2))
    liaison.look()
    assert budget.take(VENUE, SMALL, 24, READS)
    assert not budget.take(VENUE, SMALL, 1, READS)


def test_of_those_who_take_at_once_none_takes_too_much(db: Database):
    def take_all(venue: str) -> int:
        taken = 0
        while budget.take(venue, Allowance(50, 60), 7, 1.0):
            taken += 7
        return taken

    with Database(db.url, size=8) as wide, ThreadPoolExecutor(8) as pool:
        budget = Budget(wide)
        taken = [sum(pool.map(take_all, [f"venue {number}"] * 8)) for number in range(20)]
    assert taken == [49] * 20


def test_a_window_moves(db: Database):
    budget, second = Budget(db), Allowance(10, 1)
    assert [budget.take(VENUE, second, 4, 1.0) for _ in range(3)] == [True, True, False]
    sleep(1.05)
    assert budget.take(VENUE, second, 99, 1.0)  # dearer than all that the venue bears: alone, it may go
    assert not budget.take(VENUE, second, 1, 1.0)


def test_a_pause_stops_all_processes_for_as_long_as_the_venue_said(simulator: SimulatorProcess, db: Database):
    seconds = 2.0
    rule = {"fault": "too_many_429", "on": "market", "symbol": "BTCUSDT", "next": 1, "skip": 30}
    simulator.control().faults({"seed": 1, "rules": [rule | {"milliseconds": round(seconds * 1000)}]})
    asked = {"rest_url": simulator.ready["rest_url"], "database": db.url, "redis_url": None}
    told = processes(PROCESSES, allowance=PLENTY, seconds=4, patience=10.0, **asked)
    began = next(at for at, status in sorted(one for _, came in told for one in came) if status == 429)
    went = sorted(at for each, _ in told for at, _ in each)
    told_again = [line for line in warned(simulator) if line["ignored"]]
    print(f"{len(went)} requests, {len(told_again)} were under way when the venue said it")
    # Those that were under way when it was said could not know: one of each other process, and no more.
    assert len(told_again) < PROCESSES
    assert [line for line in warned(simulator) if line["status"] == 418] == []
    after = [at for at in went if at > began + 0.05]
    assert after[0] >= began + seconds
    assert after[0] < began + seconds + 2
    assert all(each[-1][0] > began + seconds for each, _ in told)


def test_execution_hears_of_the_pause_of_others_and_they_of_its_own(simulator: SimulatorProcess, db: Database):
    circuits, budget = Circuits(db), Budget(db)
    liaison = Liaison(VENUE, PLENTY, db, budget)
    venue = simulator.venue(passage=liaison, waits=liaison.waits)
    reading = Reading(VENUE, PLENTY, circuits, budget, patience=0.0)
    reading.leave(Reply(Request("GET klines", 4), 429, 1.0, "HTTP 429"))
    liaison.look()
    assert venue.waits()
    assert venue.send(simulator.order(Side.SELL, "0.01")).verdict is Verdict.REFUSED
    assert isinstance(venue.balances(), Unreachable)
    sleep(1.05)
    assert not venue.waits()
    liaison.leave(Reply(Request("POST order", 2), 429, 5.0, "HTTP 429"))
    liaison.look()
    liaison.look()
    assert 4.5 < circuits.pause_left(VENUE) <= 5.0
    with pytest.raises(Held, match="asked to be left alone"):
        reading.enter(Request("GET klines", 4))


def test_a_shorter_pause_does_not_end_a_longer_one(db: Database):
    circuits = Circuits(db)
    circuits.pause(VENUE, 418, 60)
    circuits.pause(VENUE, 429, 1)
    assert circuits.pause_left(VENUE) > 50


def test_without_redis_the_database_counts_and_grants_half(db: Database, redis_url: str):
    budget = Budget(db, "redis://127.0.0.1:1/0")
    began = monotonic()
    assert budget.take(VENUE, SMALL, 120, 1.0)
    assert not budget.take(VENUE, SMALL, 1, 1.0)
    assert monotonic() - began < 2
    # Those who do reach it count there: together still no more than the venue bears.
    reaches = Budget(db, redis_url)
    assert reaches.take(VENUE, SMALL, 120, 0.5)
    assert reaches.used(VENUE, SMALL) == 120


def test_a_redis_that_dies_is_no_error(db: Database, redis_url: str):
    budget = Budget(db, redis_url)
    assert budget.take(VENUE, SMALL, 4, 1.0)
    with redis.Redis.from_url(redis_url) as client:
        client.shutdown(nosave=True)
    assert budget.take(VENUE, SMALL, 4, 1.0)
    budget.count(VENUE, SMALL, 4)
    assert budget.used(VENUE, SMALL) == 8


def test_orders_go_out_when_nobody_counts(simulator: SimulatorProcess):
    with Database("postgresql://nobody@127.0.0.1:1/none", size=1) as nowhere:
        nowhere._pool.timeout = 0.5
        liaison = Liaison(VENUE, SMALL, nowhere, Budget(nowhere))
        liaison.look()
        venue = simulator.venue(passage=liaison, waits=liaison.waits)
        began = monotonic()
        assert venue.send(simulator.order(Side.SELL, "0.01")).filled == Decimal("0.01")
        assert monotonic() - began < 2


@pytest.mark.parametrize(
    ("exchange", "units", "seconds"), [("binance", 12_000, 60), ("okx", 909, 10), ("kraken", 100, 10)]
)
def test_what_a_venue_bears_is_what_ccxt_says(exchange: str, units: int, seconds: int):
    import ccxt

    assert allowance(getattr(ccxt, exchange)()) == Allowance(units, seconds)
