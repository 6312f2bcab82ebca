"""Files that are there whole or not at all."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from trading.errors import Misconfigured


def write_atomically(path: Path, text: str) -> None:
    """Write `text` (UTF-8) to `path`, making its folder; a reader sees the old file or the new one, never a part.

    Raises:
        OSError: the folder cannot be written; the old file stays as it was.
    """
    write_bytes_atomically(path, text.encode())


def write_bytes_atomically(path: Path, content: bytes) -> None:
    """Write `content` to `path`, making its folder; a reader sees the old file or the new one, never a part.

    Raises:
        OSError: the folder cannot be written; the old file stays as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Put the names in `folder` on disk: without it a new file may be gone after a power cut, whatever is in it."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def aside(option: str, path: Path) -> Iterator[Path]:
    """Yield a name beside `path` for what becomes it at the end; what is left there, of killed runs too, is removed.

    Raises:
        Misconfigured: there is no folder for it; the message names `option`.
    """
    if not path.parent.is_dir():
        raise Misconfigured(f"{option} {path}: there is no folder {path.parent}")
    for left in path.parent.glob(f".{path.name}.*.part*"):
        _remove(left)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield part
        sync_folder(path.parent)
    finally:
        _remove(part)
        _remove(part.with_name(part.name + ".wal"))


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def seal(path: Path) -> tuple[int, str]:
    """Bring a file to the disk; return its size in bytes and its SHA-256."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())
        return path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()
