"""Anchors: what the audit chain was at a moment, in an append-only file outside the database; each line seals the last.

Whoever can change both the database and this file can lie: copy the file to where the database's owner cannot write.
"""

import fcntl
import hashlib
import json
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO

from adapters.files import sync_folder
from trading.errors import BadData

_GENESIS = "0" * 64
#: A line has some 220 bytes: the end of the file holds the last one whole, and what may be torn.
_LONGEST_LINES = 4096


@dataclass(frozen=True)
class Anchor:
    """The row `seq` had `hash` at `at` (ISO 8601, UTC); `mark` seals this line and all before it."""

    seq: int
    hash: str
    at: str
    mark: str


class AnchorFile:
    """The anchors below a data folder, oldest first."""

    def __init__(self, data_dir: Path) -> None:
        self.path = data_dir / "anchors" / "audit.jsonl"

    def read(self) -> list[Anchor]:
        """Return all anchors; a last line without its end was never acknowledged and is not read.

        Raises:
            BadData: a line was changed, moved or removed; the message names it.
        """
        try:
            lines = self.path.read_bytes().split(b"\n")[:-1]
        except FileNotFoundError:
            return []
        found: list[Anchor] = []
        for number, line in enumerate(lines, start=1):
            anchor = _parsed(line)
            if anchor is None or anchor.mark != _mark(found[-1] if found else None, anchor):
                raise BadData(f"{self.path} line {number} was changed, or lines before it are missing")
            found.append(anchor)
        return found

    def newest(self) -> Anchor | None:
        """Return the last anchor, or None; BadData when the last line is none."""
        try:
            with self.path.open("rb") as file:
                return self._last(file)
        except FileNotFoundError:
            return None

    def add(self, seq: int, digest: str, at: str) -> None:
        """Append an anchor, on disk when this returns.

        Raises:
            BadData: the last line is none of ours.
            OSError: the file cannot be written.
        """
        if not self.path.parent.exists():
            self.path.parent.mkdir(parents=True, mode=0o700)
            sync_folder(self.path.parent.parent)
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "rb+", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            anchor = Anchor(seq, digest, at, "")
            line = asdict(replace(anchor, mark=_mark(self._last(file), anchor)))
            _cut_torn_line(file)
            file.write(json.dumps(line, separators=(",", ":")).encode() + b"\n")
            os.fsync(file.fileno())
        sync_folder(self.path.parent)

    def _last(self, file: IO[bytes]) -> Anchor | None:
        lines = _tail(file).split(b"\n")[:-1]
        if not lines:
            return None
        anchor = _parsed(lines[-1])
        if anchor is None:
            raise BadData(f"the last line of {self.path} is no anchor")
        return anchor


def _tail(file: IO[bytes]) -> bytes:
    file.seek(max(0, file.seek(0, os.SEEK_END) - _LONGEST_LINES))
    return file.read()


def _cut_torn_line(file: IO[bytes]) -> None:
    """Remove what a power cut left of a line that was never acknowledged."""
    size, torn = file.seek(0, os.SEEK_END), len(_tail(file).rpartition(b"\n")[2])
    if torn:
        file.truncate(size - torn)


def _mark(before: Anchor | None, anchor: Anchor) -> str:
    sealed = f"{before.mark if before else _GENESIS}|{anchor.seq}|{anchor.hash}|{anchor.at}"
    return hashlib.sha256(sealed.encode()).hexdigest()


def _parsed(line: bytes) -> Anchor | None:
    try:
        anchor = Anchor(**json.loads(line))
    except (ValueError, TypeError):
        return None
    texts = all(isinstance(text, str) for text in (anchor.hash, anchor.at, anchor.mark))
    return anchor if texts and type(anchor.seq) is int else None
