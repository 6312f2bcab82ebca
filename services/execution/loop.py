"""The loop of execution: read, decide, send, ask, until nothing is left to do; then say up to when that holds."""

from collections import deque
from datetime import datetime, timedelta
from threading import Event
from time import monotonic

import structlog

from adapters.bus.signal_topic import Record, SignalConsumer
from adapters.store import heartbeats, orders, triggers
from services.execution import dispatch, reconcile
from services.execution.desk import Desk
from services.execution.evaluate import evaluate
from services.execution.intake import take
from services.execution.recovery import Recovery
from trading.errors import Unavailable
from trading.order import OrderState
from trading.timeframe import EPOCH

_log = structlog.get_logger()

#: The least time between two questions about an order that rests at the venue; none while the market's time stands.
_ASK_SECONDS = 0.25
_POLL_MS = 20
#: A heartbeat costs a commit: where time runs by itself one a second is enough; a jump of time is said at once.
_SAY_EVERY = timedelta(seconds=1)
_SAY_SECONDS = 0.5
_PAUSE_SECONDS = 0.5


class Loop:
    """One book's execution. Single-threaded: every order has one writer."""

    def __init__(self, desk: Desk, consumer: SignalConsumer, cluster_id: str, key: str) -> None:
        self._desk = desk
        self._consumer = consumer
        self._cluster_id = cluster_id
        self._key = key
        self._recovery = Recovery(desk)
        self._asked: datetime | None = None
        self._asked_on = -_ASK_SECONDS
        self._said, self._said_on = EPOCH, 0.0
        self._taken = 0
        self._records: deque[Record] = deque()
        self._begun = False
        self._reconciled = False

    def run(self, stop: Event) -> None:
        """Work until `stop` is set; a dependency that does not answer is waited for, and nothing is given up.

        Raises:
            Interrupted: another process has taken the book over.
        """
        while not stop.is_set():
            try:
                self.turn()
            except Unavailable as error:
                _log.warning("unavailable", why=str(error))
                stop.wait(_PAUSE_SECONDS)

    def turn(self) -> None:
        """Do one round: messages, orders, decisions, and the heartbeat when nothing was left to do."""
        now = self._desk.clock.now()
        if not self._begun:
            reconcile.begin(self._desk)
            self._begun = True
        if not self._reconciled:
            self._reconciled = reconcile.reconcile(self._desk, self._recovery)
        if not self._records:
            self._records.extend(self._consumer.poll(_POLL_MS))
        while self._records:
            # A record leaves the queue with its effect; what interrupts us here finds it again.
            take(self._desk, self._records[0], self._cluster_id, self._key)
            self._records.popleft()
            self._taken += 1
            now = None
            self._orders(None)
        busy = self._orders(now)
        with self._desk.database.transaction() as connection:
            due = triggers.due(connection, self._desk.book)
        for trigger in due:
            evaluate(self._desk, trigger)
        if now is not None and now == self._asked and not due and not busy and self._reconciled:
            self._say_settled(now)

    def _orders(self, now: datetime | None) -> bool:
        """Drive every living order one hop; True while any is not settled with the venue."""
        with self._desk.database.transaction() as connection:
            living = orders.living(connection, self._desk.book)
        asking = now is not None and now != self._asked and monotonic() - self._asked_on >= _ASK_SECONDS
        moved = False
        for order in living:
            if order.state is OrderState.INTENT:
                dispatch.send(self._desk, order)
                moved = True
            elif order.state is OrderState.PENDING_CANCEL:
                dispatch.cancel(self._desk, order)
                self._recovery.resolve(order)
                moved = True
            elif order.state.unsettled:
                self._recovery.resolve(order)
                moved = True
            elif asking:
                moved |= self._recovery.resolve(order)
        if asking:
            self._asked, self._asked_on = now, monotonic()
        return moved

    def _say_settled(self, now: datetime) -> None:
        if self._said == now or (now - self._said < _SAY_EVERY and monotonic() - self._said_on < _SAY_SECONDS):
            return
        with self._desk.transaction() as connection:
            detail = {"settled_at": now.isoformat(), "taken": self._taken, "epoch": self._desk.epoch}
            heartbeats.beat(connection, "execution", self._desk.book, detail)
        self._said, self._said_on = now, monotonic()
