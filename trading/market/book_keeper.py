"""One book over its life: it waits for a snapshot, follows the changes, and says when it may not be believed."""

from collections import deque
from dataclasses import dataclass
from datetime import datetime

from trading.errors import BadData
from trading.market.book_checksum import checksum
from trading.market.book_sequence import judge
from trading.market.depth import Depth
from trading.order_book import BookState, BookUpdate, Fate, Numbering, OrderBook

#: Changes that wait for a snapshot; when there are more the oldest go, a snapshot must be newer than they are.
MOST_WAITING = 5000

_CONSECUTIVE = (Numbering.RANGE, Numbering.CHAIN)
FIRST, LATE = "waits for its first snapshot", "the snapshot is older than the changes; a newer one is wanted"


@dataclass
class Tally:
    """What became of the messages about a book: received = applied + stale + gaps + refused + those still waiting.

    A hole that the stream itself explains is no gap: a requested snapshot older than the changes that have arrived
    (`late_snapshots`), a lost connection (`restarts`).
    """

    received: int = 0
    applied: int = 0
    stale: int = 0
    gaps: int = 0
    late_snapshots: int = 0
    restarts: int = 0
    refused: int = 0
    checksums_ok: int = 0
    checksums_bad: int = 0
    unsound: int = 0
    broken: int = 0


class BookKeeper:
    """Keeps the book of one market. Single-threaded; never raises for what a venue sends.

    While `state` is not LIVE only a new snapshot helps: ask for one, or subscribe again; `reason` says why. `waiting`
    holds the changes that must wait for it. `limit` is how many levels a side of the venue's book has, `numbered` says
    that a lost change shows in the numbers of the next, `fault` is why the book was broken last.
    """

    def __init__(self, market: str) -> None:
        self.market = market
        self.state = BookState.SYNCING
        self.reason = FIRST
        self.fault = ""
        self.tally = Tally()
        self.depth = Depth()
        self.last: int | None = None
        self.limit: int | None = None
        self._fresh = True
        self._asked = False
        self.numbered = False
        self._ts: datetime | None = None
        self.waiting: deque[BookUpdate] = deque()

    def restart(self, reason: str) -> None:
        """Begin anew, as after a lost connection: what comes next must be a snapshot, or wait for one."""
        self.tally.restarts += 1
        self.tally.stale += len(self.waiting)
        self.waiting.clear()
        self.state, self.reason = BookState.SYNCING, reason

    def doubt(self, reason: str, *, gap: bool = False) -> None:
        """Break the book; `gap` when something that it should have heard was surely lost."""
        self.tally.gaps += gap and self.state is BookState.LIVE
        self.tally.broken += 1
        self.state, self.reason, self.fault = BookState.BROKEN, reason, reason

    def take(self, update: BookUpdate) -> Fate:
        """Take in one message and return what became of it; `state` and `reason` say how the book stands now."""
        self.tally.received += 1
        if update.snapshot:
            return self._begin(update)
        if self.state is not BookState.LIVE or self._comes_late_before(update):
            return self._hold(update)
        return self._follow(update)

    def view(self, count: int) -> OrderBook | None:
        """Return the best `count` levels of each side, or None when no quote may come of this book."""
        if self.state is not BookState.LIVE:
            return None
        bids, asks = self.depth.best(count)
        return OrderBook(self.market, bids, asks, self.last, self._ts)

    def _begin(self, snapshot: BookUpdate) -> Fate:
        alive = self.state is BookState.LIVE
        if snapshot.asked and alive and self.last is not None and (snapshot.last or 0) < self.last:
            self.tally.stale += 1
            return Fate.STALE
        before, self.depth = self.depth, Depth()
        try:
            self.depth.change(snapshot.bids, snapshot.asks, snapshot.depth or self.limit)
        except BadData as error:
            self.depth = before
            self.tally.refused += 1
            self.doubt(f"unreadable levels: {error}")
            return Fate.REFUSED
        self.limit = snapshot.depth or self.limit
        self.last, self._ts, self._fresh, self._asked = snapshot.last, snapshot.ts, True, snapshot.asked
        self.state, self.reason = BookState.LIVE, ""
        self.tally.applied += 1
        self._examine(snapshot)
        self._catch_up()
        return Fate.APPLIED

    def _catch_up(self) -> None:
        """Let the held changes follow the snapshot; those that it covers are stale."""
        while self.waiting and self.state is BookState.LIVE:
            if self._comes_late_before(self.waiting[0]):
                return
            self._follow(self.waiting.popleft())

    def _comes_late_before(self, update: BookUpdate) -> bool:
        """Return whether the snapshot is too old to be followed by `update`; then a newer one is waited for."""
        late = self._fresh and self._asked and judge(update, self.last, fresh=True) is Fate.GAP
        if late:
            self.tally.late_snapshots += 1
            self.state, self.reason = BookState.SYNCING, LATE
        return late

    def _hold(self, update: BookUpdate) -> Fate:
        if update.numbering not in _CONSECUTIVE:
            self.tally.stale += 1  # without consecutive numbers nothing tells whether the snapshot holds it already
            return Fate.STALE
        if len(self.waiting) >= MOST_WAITING:
            self.waiting.popleft()
            self.tally.stale += 1
        self.waiting.append(update)
        return Fate.BUFFERED

    def _follow(self, update: BookUpdate) -> Fate:
        fate = judge(update, self.last, fresh=self._fresh)
        if fate is Fate.STALE:
            self.tally.stale += 1
            return fate
        if fate is Fate.GAP:
            self.doubt(f"gap: {update.first or update.previous or update.last} after {self.last}", gap=True)
            return fate
        try:
            self.depth.change(update.bids, update.asks, self.limit)
        except BadData as error:
            self.tally.refused += 1
            self.doubt(f"unreadable levels: {error}")
            return Fate.REFUSED
        self.tally.applied += 1
        self.last, self._ts, self._fresh = update.last, update.ts or self._ts, False
        self.numbered = update.numbering in _CONSECUTIVE
        self._examine(update)
        return fate

    def _examine(self, update: BookUpdate) -> None:
        """Break the book when its checksum is wrong or it is no book that could be traded on."""
        if update.checksum is not None:
            value = checksum(update.checksum.kind, self.depth)
            if value != update.checksum.value:
                self.tally.checksums_bad += 1
                self.doubt(f"checksum {value} instead of {update.checksum.value}")
                return
            self.tally.checksums_ok += 1
        defect = self.depth.defect
        if defect is not None:
            self.tally.unsound += 1
            self.doubt(defect)
