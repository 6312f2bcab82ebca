"""How long it takes until the book trades again: a new process from nothing, a standby after a kill or a freeze."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from statistics import median

import pytest

from tests.chaos.relay import Relay, told
from tests.chaos.rig import Rig, rig
from tests.chaos.worker import Worker

pytestmark = pytest.mark.chaos

STARTS = int(os.environ.get("TRADEWIND_TEST_COLD_STARTS") or 10)
#: What is promised whatever happened to the owner.
TAKEOVER_SECONDS = 5.0
#: As it is in production, for here seconds count.
ENV = {"TRADEWIND_LEASE_MS": "3000", "TRADEWIND_LANES": "1"}


@contextmanager
def cold(floor: Rig) -> Iterator[Worker]:
    """Start a process with nothing preloaded, as a supervisor does; it is killed at the end."""
    env = os.environ | floor.env | ENV
    with (floor.folder / "workers.log").open("ab") as log:
        process = subprocess.Popen([sys.executable, "-m", "services.execution.main"], env=env, stdout=log, stderr=log)
    worker = Worker(process.pid, os.pidfd_open(process.pid))
    try:
        yield worker
    finally:
        worker.end(signal.SIGKILL)
        process.wait()


def until_traded(floor: Rig, number: int) -> float:
    """Let sub-account `number`, which has nothing yet, buy; return the seconds until the venue has accepted it.

    It buys where nothing is in doubt: until an order's fate is proven its symbol takes no new risk.
    """
    since = time.monotonic()
    doubtful = "select coalesce(string_agg(symbol, ' '), '') from trading.orders where state in ('SENDING', 'UNKNOWN')"
    symbol = next(one for one in floor.prices if one not in floor.one(doubtful).split())
    changes = {"symbol": symbol, "reference_price": floor.prices[symbol]}
    wanted = floor.signal(strategy=floor.strategies[number], exposure=Decimal("0.5"), **changes)
    floor.publish([wanted])
    taken = f"select count(*) from trading.orders where signal_id = '{wanted.signal_id}' and venue_order_id is not null"
    floor.until(lambda: floor.one(taken) > 0, pause=0.01)
    return time.monotonic() - since


def timed(name: str, took: list[float]) -> str:
    return f"{name}: {len(took)}, median {median(took):.2f} s, longest {max(took):.2f} s"


def test_a_new_process_trades_soon(tmp_path: Path, database: str, seed: int):
    chance = random.Random(seed)
    took: list[float] = []
    with rig(tmp_path, database, seed, strategies=STARTS + 1) as floor:
        for number in range(STARTS):
            with cold(floor) as worker:
                took.append(until_traded(floor, number))
                floor.publish([floor.signal(strategy=floor.strategies[-1]) for _ in range(3)])
                worker.wait(chance.uniform(0, 0.2))
        floor.settle()
        print(told(floor, floor.check()))
    # How long a process takes to begin is the machine's affair, and measured by the bench `restart_cold`.
    print(timed("cold starts, from exec to an accepted order", took))


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGSTOP])
def test_a_standby_trades_at_once(tmp_path: Path, database: str, seed: int, how: signal.Signals):
    chance = random.Random(seed)
    took: list[float] = []
    with rig(tmp_path, database, seed, strategies=STARTS + 1) as floor:
        relay = Relay(floor, lambda: None, 2, lambda: ENV)
        owner = relay.owner()
        until_traded(floor, STARTS)
        for number in range(STARTS):
            time.sleep(chance.uniform(0.6, 0.9))  # until the other one stands by
            owner.send(how)
            took.append(until_traded(floor, number))
            gone, owner = owner, relay.owner()
            relay.part(gone, how)
        relay.close()
        floor.settle()
        print(told(floor, floor.check()))
    print(timed(f"takeovers after {how.name}, to an accepted order", took))
    assert max(took) <= TAKEOVER_SECONDS
