"""A lane: the symbols of some partitions, worked on one thing after the other, so that every order has one writer."""

from collections import deque
from collections.abc import Iterable, Sequence, Set
from datetime import datetime
from queue import Empty, SimpleQueue
from threading import Event
from time import monotonic

import structlog

from adapters.bus.signal_topic import Record
from adapters.store.outlook import read
from services.execution import reconcile
from services.execution.desk import Desk
from services.execution.evaluate import evaluate
from services.execution.hops import Hops
from services.execution.intake import take
from trading.errors import Unavailable
from trading.order import Order

_log = structlog.get_logger()

#: The least time between two questions about an order that rests at the venue; none while the market's time stands.
_ASK_SECONDS = 0.25
#: The least time between two looks at what stands in the database when no message comes.
_LOOK_SECONDS = 0.1
_PAUSE_SECONDS = 0.5


class Lane:
    """One writer. `turn` does what there is to do; `run` repeats it in a thread of its own."""

    def __init__(self, desk: Desk, names: Iterable[str], cluster_id: str, key: str, review_seconds: float) -> None:
        self._desk = desk
        self._names = frozenset(names)
        self._cluster_id = cluster_id
        self._key = key
        #: All symbols are looked at once in `review_seconds`, one at a time: a message waits for one at most.
        self._reviewing = deque(sorted(self._names))
        self._review_seconds = review_seconds / max(len(self._names), 1)
        self._hops = Hops(desk)
        self._arrivals: SimpleQueue[Record] = SimpleQueue()
        self._records: deque[Record] = deque()
        self._asked: datetime | None = None
        self._asked_on = -_ASK_SECONDS
        self._reviewed_on = monotonic()
        self._looked_on = 0.0
        self._reconciled = False
        self.taken = 0
        self.settled_at: datetime | None = None

    def offer(self, record: Record) -> None:
        """Put a message of one of this lane's partitions in line."""
        self._arrivals.put(record)

    @property
    def backlog(self) -> int:
        """Messages that wait."""
        return self._arrivals.qsize() + len(self._records)

    def run(self, stop: Event) -> None:
        """Turn until `stop` is set; a dependency that does not answer is waited for, and nothing is given up.

        Raises:
            Interrupted: another process has taken the book over.
        """
        while not stop.is_set():
            try:
                self.turn()
                self._wait(_LOOK_SECONDS)
            except Unavailable as error:
                _log.warning("unavailable", why=str(error))
                stop.wait(_PAUSE_SECONDS)

    def turn(self) -> None:
        """Do one round: messages, reconciliation, orders, decisions; then say up to when nothing is left to do."""
        now = self._desk.clock.now()
        self._desk.metrics.turned = monotonic()
        if not self._reconciled:
            # A signal that finds its symbol closed is refused for good: first open what can be opened.
            waiting = read(self._desk.database, self._desk.book, now).reconciling
            self._reconciled = self._reconcile(waiting & self._names)
        if self._take_all() and monotonic() - self._looked_on < _LOOK_SECONDS:
            return
        self._looked_on = monotonic()
        outlook = read(self._desk.database, self._desk.book, now)
        self._reconciled = self._reconcile(outlook.reconciling & self._names)
        busy = self._drive([order for order in outlook.living if order.request.symbol in self._names], now)
        due = [trigger for trigger in outlook.due if trigger.symbol in self._names]
        for trigger in due:
            since = monotonic()
            self._hops.act(evaluate(self._desk, trigger), since)
        if now == self._asked and not due and not busy and self._reconciled:
            self.settled_at = now

    def _take_all(self) -> bool:
        """Take over every message that has arrived; True when there was one."""
        taken = False
        while self._arrived():
            # A record leaves the queue with its effect; what interrupts us here finds it again.
            since = monotonic()
            acting = take(self._desk, self._records[0], self._cluster_id, self._key)
            self._records.popleft()
            self.taken += 1
            self._desk.metrics.messages.inc()
            self._desk.metrics.taking.observe(monotonic() - since)
            self._hops.act(acting, since)
            taken = True
        return taken

    def _wait(self, seconds: float) -> None:
        try:
            self._records.append(self._arrivals.get(timeout=seconds))
        except Empty:
            return

    def _arrived(self) -> bool:
        while not self._arrivals.empty():
            self._records.append(self._arrivals.get_nowait())
        return bool(self._records)

    def _reconcile(self, waiting: Set[str]) -> bool:
        """Open the symbols that wait for it, look again at the others by turns; False while one waits."""
        done = not waiting or reconcile.reconcile(self._desk, self._hops, sorted(waiting))
        if self._reviewing and monotonic() - self._reviewed_on >= self._review_seconds:
            if (symbol := self._reviewing[0]) not in waiting:
                reconcile.reconcile(self._desk, self._hops, [symbol], "OPEN")
            self._reviewing.rotate(-1)
            self._reviewed_on = monotonic()
        return done

    def _drive(self, living: Sequence[Order], now: datetime) -> bool:
        """Bring every living order one hop on; True while any is not settled with the venue."""
        asking = now != self._asked and monotonic() - self._asked_on >= _ASK_SECONDS
        moved = False
        for order in living:
            if order.state.unsettled:
                self._hops.step(order)
                moved = True
            elif asking:
                moved |= self._hops.ask(order)
        if asking:
            self._asked, self._asked_on = now, monotonic()
        return moved
