"""Execution trades on and on: its memory, descriptors, threads and connections stay what they are."""

import os
import random
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import pytest

from tests.chaos.relay import keep_told, told
from tests.chaos.rig import Rig, rig
from tests.chaos.test_starts import cold

pytestmark = pytest.mark.chaos

MINUTES = float(os.environ.get("TRADEWIND_TEST_SOAK_MINUTES") or 0.5)
SAMPLES = 120
PER_SECOND = 20
#: What the memory may gain between the second and the last quarter; the interpreter's own heap breathes.
GAIN, GAIN_MIB = 0.02, 4.0


@dataclass(frozen=True)
class Sample:
    """What a process holds: resident MiB, open descriptors, threads, sessions at the database."""

    memory: float
    descriptors: int
    threads: int
    sessions: int


def sample(floor: Rig, pid: int) -> Sample:
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    held = {line.partition(":")[0]: line.split()[1] for line in status if line.startswith(("VmRSS", "Threads"))}
    sessions = floor.one("select count(*) from pg_stat_activity where datname = current_database()")
    descriptors = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    return Sample(int(held["VmRSS"]) / 1024, descriptors, int(held["Threads"]), sessions)


def quarters(samples: list[Sample], name: str) -> tuple[float, float]:
    """Return the medians of the second and of the last quarter."""
    values, size = [float(getattr(each, name)) for each in samples], len(samples) // 4
    return median(values[size : 2 * size]), median(values[-size:])


def test_whoever_trades_for_long_holds_no_more_than_before(tmp_path: Path, database: str, seed: int):
    chance, samples = random.Random(seed), list[Sample]()
    with rig(tmp_path, database, seed, strategies=8) as floor:
        with cold(floor) as worker:
            floor.tell()
            floor.until(lambda: floor.consumed > 0)
            began = time.monotonic()
            while (passed := time.monotonic() - began) < 60 * MINUTES:
                keep_told(floor, chance, min(PER_SECOND, 12))
                if passed > len(samples) * 60 * MINUTES / SAMPLES:
                    samples.append(sample(floor, worker.pid))
                assert not worker.wait(1 / PER_SECOND), floor.story()
            floor.until(floor.settled)
        floor.settle()
        accounts = told(floor, floor.check())
    found = {name: quarters(samples, name) for name in ("memory", "descriptors", "threads", "sessions")}
    shown = ", ".join(f"{name} {before:.1f} > {after:.1f}" for name, (before, after) in found.items())
    print(f"{MINUTES:g} minutes, {len(samples)} samples, second > last quarter: {shown}; {accounts}")
    before, after = found.pop("memory")
    assert after <= before * (1 + GAIN) + GAIN_MIB
    for name, (before, after) in found.items():
        assert after <= before + 1, name
