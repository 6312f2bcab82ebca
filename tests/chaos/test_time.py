"""The machine's clock jumps and the venue's is off: execution follows the venue's time, which never goes back."""

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread, current_thread

import pytest

from adapters.exchange import clock as module
from adapters.exchange.clock import AlignedClock, WallClock
from adapters.exchange.court_record import accepted_orders, duplicate_orders
from tests.chaos.rig import Rig, rig

pytestmark = pytest.mark.chaos

JUMPS = int(os.environ.get("TRADEWIND_TEST_CLOCK_JUMPS") or 6)
#: So many that no position comes near the largest order that the limits allow.
STRATEGIES = 6
START = datetime(2026, 3, 1, tzinfo=UTC)


class Source:
    """A venue whose clock is where the test puts it."""

    def __init__(self) -> None:
        self.time = START

    def now(self) -> datetime:
        return self.time


@contextmanager
def faked(floor: Rig) -> Iterator[Path]:
    """Let the workers live under a machine clock of their own; yield the file that holds its offset."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("the machine's clock: no C compiler `cc` for the library that shifts it")
    library, offset = floor.folder / "shift.so", floor.folder / "offset"
    source = Path(__file__).with_name("shift_clock.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], check=True)
    env = {**os.environ, "LD_PRELOAD": str(library), "TRADEWIND_TEST_CLOCK_OFFSET": str(offset)}
    offset.write_text("3600")
    ask = [sys.executable, "-c", "import time; print(time.time())"]
    told = float(subprocess.run(ask, env=env, capture_output=True, check=True, text=True).stdout)
    assert told - WallClock().now().timestamp() > 3000, "the fake clock does not work"
    offset.write_text("0")
    command, honest = [sys.executable, "-m", "tests.chaos.zygote"], floor.zygote
    floor.zygote = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env)
    try:
        yield offset
    finally:
        floor.zygote.kill()
        floor.zygote.communicate()
        floor.zygote = honest


def test_jumps_of_the_machines_clock_do_not_matter(tmp_path: Path, database: str, seed: int):
    chance = random.Random(seed)
    with rig(tmp_path, database, seed, strategies=STRATEGIES) as floor, faked(floor) as offset:
        worker, slowest = floor.start(), 0.0
        floor.tell(4)
        floor.until(lambda: floor.consumed >= floor.published)
        for _ in range(JUMPS):
            offset.write_text(f"{chance.choice([-3600, 3600, 0, chance.randint(-5000, 5000)])}")
            began = time.monotonic()
            for _ in range(3):
                floor.tell(chance.randint(1, 4))
                assert not worker.wait(0.05), "execution ended because of the clock"
            floor.until(lambda: floor.consumed >= floor.published)
            slowest = max(slowest, time.monotonic() - began)
        floor.until(floor.settled)
        cases = floor.check()
        print(f"{JUMPS} jumps, {floor.published} messages, each lot taken over within {slowest:.1f} s, cases {cases}")
        assert slowest < 5
        assert floor.one("select count(*) from trading.inbox where status = 'EXPIRED'") == 0
        assert floor.one("select count(*) from trading.orders where outcome_code = '-1021'") == 0
        assert cases["I1"] > JUMPS


@pytest.mark.parametrize("off_ms", [1500, -1500])
def test_a_venue_clock_that_is_off_doubles_nothing_and_trading_goes_on_after_it(
    tmp_path: Path, database: str, seed: int, off_ms: int
):
    with rig(tmp_path, database, seed, strategies=STRATEGIES) as floor:
        worker, control = floor.start(), floor.simulator.control()
        floor.tell(4)
        floor.until(floor.settled)
        control.conditions(clock_offset_ms=off_ms)
        for _ in range(10):
            floor.tell(3)
            assert not worker.wait(0.2)
        floor.until(lambda: floor.consumed >= floor.published)
        control.conditions(clock_offset_ms=0)
        before = len(accepted_orders(floor.simulator.record))

        def trades() -> bool:
            floor.tell(2)
            worker.wait(0.3)
            return len(accepted_orders(floor.simulator.record)) > before + 3

        floor.until(trades)
        floor.until(floor.settled)
        late = floor.one("select count(*) from trading.orders where outcome_code = '-1021'")
        print(f"{floor.published} messages, {late} orders refused as out of time, cases {floor.check()}")
        assert duplicate_orders(floor.simulator.record) == 0


def test_the_clock_of_a_venue_that_jumps_never_goes_back():
    source, chance = Source(), random.Random(5)
    clock = AlignedClock(source)
    seen = [clock.now()]
    for _ in range(2000):
        source.time += timedelta(milliseconds=chance.randint(-3600_000, 10))
        clock.align()
        seen.append(clock.now())
    assert seen == sorted(seen)


def test_a_slow_reader_does_not_put_the_clock_back(monkeypatch: pytest.MonkeyPatch):
    now, arrived, go = [100.0], Event(), Event()

    def monotonic() -> float:
        read = now[0]
        if current_thread().name == "slow":
            arrived.set()
            go.wait(0.3)
            go.clear()
        return read

    monkeypatch.setattr(module, "monotonic", monotonic)
    source = Source()
    clock = AlignedClock(source)
    clock.align()
    newest, slow = START, Thread(target=clock.now, name="slow")
    slow.start()
    # whenever it has asked for the time, and not used it yet, another reader passes it
    while slow.is_alive():
        if arrived.wait(0.05):
            arrived.clear()
            now[0] += 1
            newest = clock.now()
            go.set()
    source.time = START - timedelta(hours=1)
    clock.align()
    assert clock.now() >= newest > START
