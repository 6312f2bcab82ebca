"""All children of one command: started in order, watched, restarted with growing pauses, ended in reverse order."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from services.supervisor.child import Child
from services.supervisor.registry import Registry
from trading.errors import Unavailable


@dataclass(frozen=True)
class RestartPolicy:
    """How often a child may end unasked: `limit` times within `window` seconds, each after a doubled pause."""

    limit: int = 5
    window: float = 300.0
    pause: float = 0.5
    longest: float = 30.0

    def delay(self, recent: int) -> float:
        """Return the seconds to wait before the restart that follows `recent` earlier ones."""
        return min(self.pause * 2**recent, self.longest)


@dataclass
class _Watch:
    """What the supervisor remembers of a child: when it was restarted, and when the next one is due."""

    child: Child
    restarts: list[float] = field(default_factory=list)
    due: float | None = None


class Supervisor:
    """The children of a data folder. Used in a `with` block, it ends all of them however the block is left.

    Used from the main thread alone, see Child.start.
    """

    def __init__(self, data_dir: Path, policy: RestartPolicy | None = None) -> None:
        self._registry = Registry(data_dir)
        self._policy = policy or RestartPolicy()
        self._watched: list[_Watch] = []

    def __enter__(self) -> Self:
        self._registry.stop_leftovers()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self, child: Child) -> Child:
        """Start `child` and keep it in the list on disk; return it, to wait until it is ready."""
        child.start()
        self._watched.append(_Watch(child))
        self._write()
        return child

    def check(self) -> None:
        """Look once after all children, for a command that restarts none: Unavailable when one has ended."""
        for watch in self._watched:
            if not watch.child.running:
                raise Unavailable(f"{watch.child.name} ended with {watch.child.exit_code}:\n{watch.child.last_words()}")

    def run(
        self,
        stop: threading.Event,
        told: Callable[[str], None],
        interval: float = 0.2,
        also: Callable[[], None] = lambda: None,
    ) -> None:
        """Keep all children running until `stop` is set; `told` hears of each end and restart.

        `also` is called in every round, to look after what is no child of ours. Unavailable when a child ends more
        often than the policy allows.
        """
        while not stop.wait(interval):
            also()
            for watch in self._watched:
                self._look_after(watch, told, time.monotonic())

    def stop(self, grace: float = 10.0) -> None:
        """End all children, the last started first, and forget them."""
        for watch in reversed(self._watched):
            watch.child.stop(grace)
        self._watched.clear()
        self._write()

    def _look_after(self, watch: _Watch, told: Callable[[str], None], now: float) -> None:
        child = watch.child
        if child.running:
            return
        if watch.due is None:
            watch.restarts = [at for at in watch.restarts if now - at < self._policy.window]
            if len(watch.restarts) >= self._policy.limit:
                raise Unavailable(f"{child.name} ended {len(watch.restarts) + 1} times:\n{child.last_words()}")
            pause = self._policy.delay(len(watch.restarts))
            told(f"{child.name} ended with {child.exit_code}, starts again in {pause:g} s (log: {child.log_file})")
            watch.due = now + pause
        elif now >= watch.due:
            child.stop(grace=1)  # what it started may live on
            child.start()
            watch.restarts.append(now)
            watch.due = None
            self._write()

    def _write(self) -> None:
        self._registry.write((w.child.name, w.child.identity) for w in self._watched if w.child.identity)
