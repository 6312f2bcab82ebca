"""The peak memory of a whole process tree, sampled."""

import contextlib
import os
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

import psutil

_MIB = 2**20
#: The share of the time that measuring may take: the system walks through every page of every process.
_SHARE = 0.02


class MemorySampler:
    """Samples, in a thread, the memory of this process and all its descendants while its `with` block runs.

    `roots` are asked each time for further processes (the database server does not descend from us). Memory that
    processes share, as PostgreSQL's do, is counted once: each page is divided by its sharers (PSS) where the system
    tells that, else the whole resident size (RSS) counts. `interval` is the least number of seconds from one sample to
    the next; where a sample takes long, the next one waits longer.
    """

    def __init__(self, roots: Callable[[], list[int]] = list, interval: float = 0.25) -> None:
        self._roots = roots
        self._interval = interval
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample, name="memory", daemon=True)
        self._peak = 0

    @property
    def peak_mib(self) -> float:
        """The highest sum seen so far, in MiB."""
        return round(self._peak / _MIB, 1)

    def __enter__(self) -> Self:
        self._peak = tree_bytes([os.getpid(), *self._roots()])
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _sample(self) -> None:
        took = 0.0
        while not self._stop.wait(max(self._interval, took / _SHARE)):
            began = time.perf_counter()
            self._peak = max(self._peak, tree_bytes([os.getpid(), *self._roots()]))
            took = time.perf_counter() - began


def tree_bytes(roots: list[int]) -> int:
    """Return the bytes of memory that the processes `roots` and all their descendants occupy together."""
    tree: set[psutil.Process] = set()
    for pid in roots:
        with contextlib.suppress(psutil.Error):
            root = psutil.Process(pid)
            tree |= {root, *root.children(recursive=True)}
    return sum(map(_bytes, tree))


def _bytes(process: psutil.Process) -> int:
    with contextlib.suppress(psutil.Error):
        try:
            return process.memory_full_info().pss
        except (psutil.AccessDenied, AttributeError):
            return process.memory_info().rss
    return 0
