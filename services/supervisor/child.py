"""One child process: in a session of its own, tied to our life, its output in a log file."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from services.supervisor.identity import Identity, identify, stop_group
from trading.errors import Unavailable

_TAIL = 20  # log lines in an error


class Child:
    """A program that we start and end. `argv` and `env` are complete; nothing is inherited but the working folder.

    `death_signal` is what the kernel sends it when we die: SIGKILL for programs that are safe to kill, SIGTERM for
    those with children of their own.
    """

    def __init__(
        self,
        name: str,
        argv: Sequence[str],
        env: Mapping[str, str],
        log_file: Path,
        death_signal: signal.Signals = signal.SIGKILL,
    ) -> None:
        self.name = name
        self.argv = tuple(argv)
        self.env = dict(env)
        self.log_file = log_file
        self.death_signal = death_signal
        self._process: subprocess.Popen[bytes] | None = None
        self._begin = 0
        self.identity: Identity | None = None

    def start(self) -> None:
        """Start the program; its output is appended to the log file. Unavailable when the system cannot.

        Only from the main thread: the kernel sends the death signal when the starting thread ends.
        """
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError(f"start {self.name} from the main thread; it would die with any other")
        self.log_file.parent.mkdir(parents=True, exist_ok=True)
        launch = [sys.executable, "-I", "-S", str(Path(__file__).with_name("launch.py"))]
        with self.log_file.open("ab") as log:
            self._begin = log.tell()
            try:
                self._process = subprocess.Popen(
                    [*launch, str(os.getpid()), str(int(self.death_signal)), *self.argv],
                    env=self.env,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            except OSError as error:
                raise Unavailable(f"{self.name} cannot be started: {error}") from error
        self.identity = identify(self._process.pid)

    @property
    def exit_code(self) -> int | None:
        """The exit code (negative: ended by that signal); None while it runs or before it was started."""
        return self._process.poll() if self._process else None

    @property
    def running(self) -> bool:
        """Whether the program runs."""
        return self._process is not None and self._process.poll() is None

    def wait_ready(self, ready: Path | Callable[[], bool], timeout: float) -> None:
        """Wait until the file `ready` exists or the callable says so.

        Unavailable, with the last lines of the log, at once when the child ends and after `timeout` seconds.
        """
        told = ready.exists if isinstance(ready, Path) else ready
        deadline = time.monotonic() + timeout
        while not told():
            if not self.running:
                raise Unavailable(f"{self.name} ended with {self.exit_code} before it was ready:\n{self.last_words()}")
            if time.monotonic() > deadline:
                raise Unavailable(f"{self.name} is not ready after {timeout:.0f} s:\n{self.last_words()}")
            time.sleep(0.02)

    def last_words(self) -> str:
        """Return the last log lines of the current run, and where the whole log lies."""
        lines: list[str] = []
        if self.log_file.exists():
            with self.log_file.open("rb") as log:
                log.seek(max(self._begin, self.log_file.stat().st_size - 16_384))
                lines = log.read().decode(errors="replace").splitlines()[-_TAIL:]
        return "\n".join([*(f"  {line}" for line in lines), f"  (log: {self.log_file})"])

    def stop(self, grace: float = 10.0) -> None:
        """End the program and all that it started: SIGTERM, `grace` seconds, SIGKILL."""
        if self._process is None:
            return
        if self.identity:
            stop_group(self.identity, grace)
        self._process.wait()
