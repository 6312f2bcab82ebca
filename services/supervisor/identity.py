"""Who a process is: its pid together with the moment it started, which no later process with the same pid shares."""

import contextlib
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True)
class Identity:
    """A process for ever; `started` counts clock ticks since the boot that it names, so no corrected clock matters."""

    pid: int
    started: str

    @property
    def alive(self) -> bool:
        """Whether this very process still runs; a zombie does not."""
        return identify(self.pid) == self


def identify(pid: int) -> Identity | None:
    """Return who runs under `pid` now; None when nobody does."""
    try:
        if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return None
        return Identity(pid, _started(pid))
    except (psutil.Error, OSError):
        return None


def group(leader: Identity) -> list[psutil.Process]:
    """Return the living processes of the session that `leader` led, also when it is gone itself.

    A pid is not given again while a group of that number exists, so the number is the leader's as long as the leader
    lives or nobody else has its pid.
    """
    current = identify(leader.pid)
    if current is not None and current != leader:
        return []
    return [process for process in psutil.process_iter() if _in_group(process, leader.pid)]


def stop_group(leader: Identity, grace: float) -> list[psutil.Process]:
    """End the whole group of `leader`: SIGTERM, `grace` seconds, SIGKILL. Return what survived even that."""
    for number, patience in ((signal.SIGTERM, grace), (signal.SIGKILL, 5.0)):
        for process in group(leader):
            _send(process, number)
        deadline = time.monotonic() + patience
        # not psutil.wait_procs: it would take the exit code of our own child away from us
        while group(leader) and time.monotonic() < deadline:
            time.sleep(0.02)
    return group(leader)


def _send(process: psutil.Process, number: signal.Signals) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        process.send_signal(number)
        if number == signal.SIGTERM:
            process.resume()  # a frozen process cannot end itself


def _in_group(process: psutil.Process, number: int) -> bool:
    try:
        return os.getpgid(process.pid) == number and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, ProcessLookupError):
        return False


def _started(pid: int) -> str:
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return repr(psutil.Process(pid).create_time())
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    # the name in parentheses may hold blanks and parentheses; field 22 counts from the first
    return f"{boot}:{stat.read_text().rpartition(')')[2].split()[19]}"
