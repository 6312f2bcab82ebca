"""The loop of execution: messages from the topic to their lanes, the lease kept, and what was done said aloud."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from threading import Event, Thread
from time import monotonic, sleep

import structlog

from adapters.bus.signal_topic import SignalConsumer, partition_of
from adapters.store import heartbeats
from services.execution import reconcile
from services.execution.desk import Desk
from services.execution.lane import Lane
from trading.errors import Interrupted, Unavailable
from trading.timeframe import EPOCH

_log = structlog.get_logger()

_POLL_MS = 20
#: Lanes of their own need no turn in between: a message ends the wait, and each wait costs the lanes something.
_APART_POLL_MS = 200
#: Messages that may wait in the lanes before the topic is left alone: what is not read is not lost.
_MOST_WAITING = 1000
#: A heartbeat costs a commit: where time runs by itself one a second is enough; a jump of time is said at once.
_SAY_EVERY = timedelta(seconds=1)
_SAY_SECONDS = 0.5
#: Without news, so often: the guard takes a longer silence for an end.
_ALIVE_SECONDS = 5.0
_PAUSE_SECONDS = 0.5


def shares(book: str, symbols: Iterable[str], partitions: int, lanes: int) -> tuple[list[int], list[list[str]]]:
    """Return the lane of each partition and the symbols of each lane, shared out as evenly as the partitions allow."""
    through: list[list[str]] = [[] for _ in range(partitions)]
    for symbol in symbols:
        through[partition_of(book, symbol, partitions)].append(symbol)
    share, names = [0] * partitions, [list[str]() for _ in range(lanes)]
    for number, arriving in sorted(enumerate(through), key=lambda one: -len(one[1])):
        share[number] = min(range(lanes), key=lambda lane: len(names[lane]))
        names[share[number]] += arriving
    return share, names


class Loop:
    """One book's execution over one or more lanes, each with a desk (and connections) of its own.

    A partition belongs to one lane, and so does every symbol whose messages come through it. With one lane everything
    happens in the calling thread, in an order that depends on nothing but the messages.
    """

    def __init__(
        self, desks: Sequence[Desk], consumer: SignalConsumer, cluster_id: str, key: str, review_seconds: float = 30.0
    ) -> None:
        self._desk = desks[0]
        self._consumer = consumer
        self._share, names = shares(self._desk.book, self._desk.instruments, max(consumer.partitions, 1), len(desks))
        self._lanes = [Lane(desk, own, cluster_id, key, review_seconds) for desk, own in zip(desks, names, strict=True)]
        self._said, self._said_on = EPOCH, 0.0
        self._poll_ms = _POLL_MS if len(self._lanes) == 1 else _APART_POLL_MS
        self._begun = False
        self._failure: BaseException | None = None

    @property
    def taken(self) -> int:
        """Messages that have had their effect."""
        return sum(lane.taken for lane in self._lanes)

    @property
    def backlog(self) -> int:
        """Messages that were read and wait for their lane."""
        return sum(lane.backlog for lane in self._lanes)

    def run(self, stop: Event) -> None:
        """Work until `stop` is set; a dependency that does not answer is waited for, and nothing is given up.

        Raises:
            Interrupted: another process has taken the book over.
        """
        ended = Event()
        threads = [Thread(target=self._run_lane, args=(lane, ended), daemon=True) for lane in self._lanes]
        alone = len(self._lanes) == 1
        try:
            while not stop.is_set() and self._failure is None:
                try:
                    self._begin()
                    if not alone and not threads[0].is_alive():
                        for thread in threads:
                            thread.start()
                    self._read()
                    if alone:
                        self._lanes[0].turn()
                    self._say_settled()
                except Unavailable as error:
                    _log.warning("unavailable", why=str(error))
                    stop.wait(_PAUSE_SECONDS)
        finally:
            ended.set()
            for thread in threads:
                if thread.is_alive():
                    thread.join(timeout=10)
        if self._failure is not None:
            raise self._failure

    def turn(self) -> None:
        """Do one round in the calling thread."""
        self._begin()
        self._read()
        for lane in self._lanes:
            lane.turn()
        self._say_settled()

    def _run_lane(self, lane: Lane, ended: Event) -> None:
        try:
            lane.run(ended)
        except BaseException as error:
            if not isinstance(error, Interrupted):
                _log.exception("lane_failed")
            self._failure = error

    def _begin(self) -> None:
        if not self._begun:
            reconcile.begin(self._desk)
            self._begun = True

    def _read(self) -> None:
        self._desk.metrics.backlog.set(self.backlog)
        if self.backlog >= _MOST_WAITING:
            sleep(_POLL_MS / 1000)
            return
        for record in self._consumer.poll(self._poll_ms):
            self._lanes[self._share[record.partition]].offer(record)

    def _say_settled(self) -> None:
        """Say up to which market time nothing is left to do; the barrier of a run waits for it.

        Who is busy for long says from time to time that he lives.
        """
        now = self._settled_at()
        silent = monotonic() - self._said_on
        news = now > self._said and (now - self._said >= _SAY_EVERY or silent >= _SAY_SECONDS)
        if not news and silent < _ALIVE_SECONDS:
            return
        with self._desk.transaction() as connection:
            settled = None if now == EPOCH else now.isoformat()
            detail = {"settled_at": settled, "taken": self.taken, "epoch": self._desk.epoch}
            heartbeats.beat(connection, "execution", self._desk.book, detail)
        self._said, self._said_on = now, monotonic()

    def _settled_at(self) -> datetime:
        moments = [lane.settled_at for lane in self._lanes if lane.settled_at is not None]
        return self._said if self.backlog or len(moments) < len(self._lanes) else max(self._said, min(moments))
