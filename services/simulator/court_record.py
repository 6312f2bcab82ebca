"""Writing the court record: append-only JSON lines that are on the disk before anyone is answered."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from adapters.exchange.court_record import lines

_encode = json.JSONEncoder(separators=(",", ":")).encode


class CourtRecord:
    """The record file at `path`; `append` buffers, `flush` makes all of it durable."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._drop_torn_line()
        self._file = path.open("ab")

    def read(self) -> Iterator[dict[str, Any]]:
        """Yield what was recorded so far, oldest first."""
        return lines(self.path)

    def append(self, event: dict[str, Any]) -> None:
        """Add one event."""
        self._file.write(_encode(event).encode() + b"\n")

    def hand_over(self) -> None:
        """Give all that was appended to the operating system: it outlives this process, but not a power failure."""
        self._file.flush()

    def flush(self) -> None:
        """Return once all that was appended is on the disk."""
        self._file.flush()
        os.fdatasync(self._file.fileno())

    def close(self) -> None:
        """Flush and close the file."""
        self.flush()
        self._file.close()

    def _drop_torn_line(self) -> None:
        if self.path.exists():
            content = self.path.read_bytes()
            whole = content.rfind(b"\n") + 1
            if whole < len(content):
                os.truncate(self.path, whole)
