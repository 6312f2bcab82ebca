"""From an end of whoever trades to an accepted order: a new process from nothing, and a standby after SIGKILL.

The peers are the limits that we promise; the lease is the one of production.
"""

import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.chaos.relay import Relay
from tests.chaos.rig import Rig, rig
from tests.chaos.test_starts import ENV, cold, until_traded
from tests.performance.bench import Measured, lower_is_better
from tests.performance.server import database

ROUNDS, SEED = 5, 7
#: What we promise of a process that begins from nothing, and of one that stands by.
COLD_SECONDS, STANDBY_SECONDS = 10.0, 2.0


def from_nothing() -> Measured:
    """Start execution anew, as a supervisor does."""
    took: list[float] = []
    with _floor() as floor:
        for number in range(ROUNDS):
            with cold(floor):
                took.append(until_traded(floor, number))
    return lower_is_better("restart_cold", took, [COLD_SECONDS], "s, median", _note("a new process", took))


def from_standby() -> Measured:
    """Kill whoever trades while another one stands by."""
    took: list[float] = []
    with _floor() as floor:
        relay = Relay(floor, lambda: None, 2, lambda: ENV)
        owner = relay.owner()
        until_traded(floor, ROUNDS)
        for number in range(ROUNDS):
            time.sleep(1)  # until the other one stands by
            owner.send(signal.SIGKILL)
            took.append(until_traded(floor, number))
            gone, owner = owner, relay.owner()
            relay.part(gone, signal.SIGKILL)
        relay.close()
    return lower_is_better("restart_standby", took, [STANDBY_SECONDS], "s, median", _note("a standby", took))


@contextmanager
def _floor() -> Iterator[Rig]:
    with (
        database() as url,
        tempfile.TemporaryDirectory(prefix="tradewind-bench-") as folder,
        rig(Path(folder), url, SEED, strategies=ROUNDS + 1) as floor,
    ):
        yield floor


def _note(what: str, took: list[float]) -> str:
    return f"{what} to an accepted order, longest {max(took):.2f} s; peer: the limit"
