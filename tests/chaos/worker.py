"""One execution process that a campaign has started, by its pid."""

import os
import select
import signal
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: What must happen is waited for so long, in seconds: a busy machine is slow, what hangs hangs for ever.
PATIENCE = 300.0


@dataclass
class Worker:
    """A process with its pidfd, and where it was to be struck."""

    pid: int
    descriptor: int
    strike: Mapping[str, Any] | None = None

    def wait(self, seconds: float) -> bool:
        """Return whether it has ended within `seconds`."""
        ended = select.poll()
        ended.register(self.descriptor, select.POLLIN)
        return bool(ended.poll(max(0, round(1000 * seconds))))

    @property
    def frozen(self) -> bool:
        """Whether it stands still, or has ended."""
        with suppress(OSError):
            return Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
        return True

    def send(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def end(self, number: signal.Signals = signal.SIGKILL) -> None:
        self.send(number)
        if number is not signal.SIGKILL:
            self.wait(PATIENCE / 10)
            self.send(signal.SIGKILL)
        assert self.wait(PATIENCE), f"worker {self.pid} does not end"
        os.close(self.descriptor)
