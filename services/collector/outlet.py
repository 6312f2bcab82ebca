"""What waits to be written: bounded, kept while the other side does not answer, told apart row by row when refused."""

from collections import deque
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any

from trading.errors import BadData, Unavailable

Row = dict[str, Any]
_BATCH = 5_000


class Outlet:
    """Rows by table on their way to one place. `put` may be called from another thread than `flush`."""

    def __init__(self, write: Callable[[str, Sequence[Row]], object], most: int) -> None:
        """Hold at most `most` rows; `write` raises Unavailable to be asked again, BadData for what it never takes."""
        self._write, self._most = write, most
        self._waiting: deque[tuple[str, Row]] = deque()
        self._lock = Lock()
        self.dropped = 0
        self.refused: deque[tuple[str, Row, str]] = deque(maxlen=1_000)

    def put(self, table: str, row: Row) -> None:
        """Take `row` on; when there are too many the oldest goes, and is counted."""
        with self._lock:
            if len(self._waiting) >= self._most:
                self._waiting.popleft()
                self.dropped += 1
            self._waiting.append((table, row))

    def flush(self) -> int:
        """Write what waits, batch by batch, and return how many rows were written.

        Raises:
            Unavailable: the other side does not answer; what was not written waits on.
        """
        written = 0
        while batch := self._batch():
            by_table: dict[str, list[Row]] = {}
            for table, row in batch:
                by_table.setdefault(table, []).append(row)
            try:
                for table, rows in by_table.items():
                    self._deliver(table, rows)
                    written += len(rows)
            except Unavailable:
                self._back(batch)
                raise
        return written

    @property
    def waiting(self) -> int:
        """How many rows wait."""
        return len(self._waiting)

    def _deliver(self, table: str, rows: Sequence[Row]) -> None:
        """Write `rows` together; when they are refused, each for itself, so that one bad row holds back no other."""
        try:
            self._write(table, rows)
        except BadData as error:
            if len(rows) == 1:
                self.refused.append((table, rows[0], str(error)))
                return
            for row in rows:
                self._deliver(table, [row])

    def _batch(self) -> list[tuple[str, Row]]:
        with self._lock:
            return [self._waiting.popleft() for _ in range(min(_BATCH, len(self._waiting)))]

    def _back(self, batch: Sequence[tuple[str, Row]]) -> None:
        """Put `batch` back in front; writing it twice adds nothing. What does not fit any more is the oldest."""
        with self._lock:
            room = self._most - len(self._waiting)
            kept = batch[max(0, len(batch) - room) :] if room > 0 else []
            self.dropped += len(batch) - len(kept)
            self._waiting.extendleft(reversed(kept))
