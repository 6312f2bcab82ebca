"""The exclusive lock of a data folder: one command at a time."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from trading.errors import Misconfigured


@contextlib.contextmanager
def exclusive(data_dir: Path) -> Iterator[None]:
    """Hold `data_dir` for this process; the kernel gives it back when the process ends, however it ends.

    Misconfigured, naming the holder, when another process has it, or when the folder cannot be made.
    """
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        file = (data_dir / "lock").open("a+")
    except OSError as error:
        raise Misconfigured(f"cannot use {data_dir}: {error.strerror}; choose another --data-dir") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            message = f"another tradewind (pid {holder}) uses {data_dir}; stop it or choose another --data-dir"
            raise Misconfigured(message) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
