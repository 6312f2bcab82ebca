"""A relay of workers: one trades while others stand by with everything loaded, and whoever ends is replaced."""

import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.rig import Rig
from tests.chaos.worker import PATIENCE, Worker

#: An order that went, or may have gone, to the venue, and of which we do not know the end.
_STATES = "select state, count(*) from trading.orders where state in ('INTENT', 'SENDING', 'UNKNOWN', 'PENDING_CANCEL')"


@dataclass
class Relay:
    """Workers of one rig. `strike` says where the next one is struck, `env` what it is told besides."""

    floor: Rig
    strike: Callable[[], Mapping[str, Any] | None]
    size: int = 3
    env: Callable[[], dict[str, str]] = dict
    epoch: int = 0
    ended: int = 0
    #: How many deaths left an order in which state.
    left: Counter[str] = field(default_factory=Counter)
    frozen: Worker | None = None

    def owner(self) -> Worker:
        """Return the worker that has taken the book since the last call; it may be dead already."""
        self.fill()
        found: list[Worker] = []

        def taken() -> bool:
            with self.floor.database.transaction() as connection:
                row = connection.execute("select epoch, owner from trading.leases").fetchone()
            if row is None or row["epoch"] <= self.epoch:
                self.fill()
                return False
            pid = int(row["owner"].rpartition(":")[2])
            self.epoch = row["epoch"]
            found.extend(worker for worker in self.floor.workers if worker.pid == pid)
            return bool(found)

        self.floor.until(taken, pause=0.02)
        return found[-1]

    def work(self, worker: Worker, chance: random.Random) -> bool:
        """Let `worker` trade until it has moved an order, and a moment longer; True when it ended or froze before.

        Sometimes it gets no more than a moment, whatever it does.
        """
        moved = f"select count(*) > {self._moves()} from trading.order_events"
        until = time.monotonic() + (2.0 if chance.random() < 0.75 else chance.uniform(0.02, 0.3))
        while time.monotonic() < until:
            if worker.wait(0.02) or worker.frozen:
                return True
            if until - time.monotonic() > 0.1 and self.floor.one(moved):
                until = time.monotonic() + chance.uniform(0, 0.1)
        return False

    def _moves(self) -> int:
        return int(self.floor.one("select count(*) from trading.order_events"))

    def kill(self, worker: Worker) -> None:
        """End `worker`, which may have ended already, and count what it has left."""
        self.floor.end(worker, signal.SIGKILL)
        self.ended += 1
        with self.floor.database.transaction() as connection:
            states = [row["state"] for row in connection.execute(f"{_STATES} group by state")]
        self.left.update([*states, "any"] if states else ["none"])

    def freeze(self, worker: Worker, seconds: float = 0.0) -> bool:
        """Stop `worker`, unless a crash point does so within `seconds`: then True."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if worker.wait(0.005) or worker.frozen:
                return True
        worker.send(signal.SIGSTOP)
        return False

    def wake(self, worker: Worker) -> bool:
        """Let a frozen worker go on; the book is somebody else's now, so it has to end. False when it has already."""
        worker.send(signal.SIGCONT)
        if worker not in self.floor.workers:
            return False
        self.floor.workers.remove(worker)
        self.floor.woken.append(worker)
        self.ended += 1
        return True

    def part(self, worker: Worker, how: signal.Signals) -> None:
        """See off a former owner that was sent `how`: who froze is woken up, who was told to end ends."""
        if how is signal.SIGSTOP:
            self.wake(worker)
        elif worker in self.floor.workers:
            assert worker.wait(PATIENCE), f"worker {worker.pid} does not end after {how.name}: {self.floor.story()}"
            self.floor.end(worker)
        self.fill()

    def wake_frozen(self) -> None:
        """Wake the worker that was left frozen, if there is one."""
        if self.frozen is not None:
            self.wake(self.frozen)
            self.frozen = None

    def gone(self) -> None:
        """See that all who were woken have ended by themselves."""
        for worker in self.floor.woken:
            deadline = time.monotonic() + PATIENCE
            while not worker.wait(0.05) and time.monotonic() < deadline:
                worker.send(signal.SIGCONT)  # its crash point may come only now
            assert worker.wait(0), f"worker {worker.pid} was superseded and goes on: {self.floor.story()}"
            worker.end()
        self.floor.woken.clear()

    def close(self) -> None:
        """End everybody."""
        self.gone()
        for worker in list(self.floor.workers):
            self.floor.end(worker, signal.SIGKILL)

    def fill(self) -> None:
        """Replace whoever has ended, so that there are `size` workers."""
        for worker in list(self.floor.workers):
            if worker.wait(0):
                self.kill(worker)
        while len(self.floor.workers) < self.size:
            self.floor.start(self.strike(), **self.env())


def keep_told(floor: Rig, chance: random.Random, waiting: int, most_times: int = 2) -> None:
    """Publish until `waiting` messages have not been read; some signals come several times."""
    missing = waiting - (floor.published - floor.consumed)
    while missing > 0:
        times = chance.choice([1, 1, 1, most_times])
        floor.tell(1, times)
        missing -= times


def told(floor: Rig, cases: Mapping[str, int]) -> str:
    """Check that every message is accounted for; return the accounts, and the cases of what the campaign is about."""
    counts = floor.account()
    seen = {name: cases[name] for name in ("I1", "I2", "I5", "I7", "I9", "I10", "I14", "I19", "I27", "I32", "I33")}
    return f"messages {counts}; cases {seen}"
