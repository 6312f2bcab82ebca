"""The server processes of a data folder, found by their working folder, which a recycled pid cannot share."""

import contextlib
import signal
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True)
class Postmaster:
    """A living postmaster as its postmaster.pid tells: `status` is starting, stopping, ready or standby."""

    process: psutil.Process
    port: int
    status: str


def postmaster(data: Path) -> Postmaster | None:
    """Return the living postmaster of the folder `data`; None when there is none, whatever stale files say."""
    try:
        lines = (data / "postmaster.pid").read_text().split("\n")
        pid, port, status = int(lines[0]), int(lines[3]), lines[7].strip() if len(lines) > 7 else "starting"
    except (OSError, ValueError, IndexError):
        return None
    try:
        process = psutil.Process(pid)
        return Postmaster(process, port, status) if _serves(process, data) else None
    except psutil.Error:
        return None


def processes(data: Path) -> list[psutil.Process]:
    """Return all living server processes of the folder `data`, orphaned backends included."""
    return [process for process in psutil.process_iter() if _serves(process, data)]


def kill_all(data: Path) -> None:
    """Kill all server processes of `data`; what they had acknowledged is safe in the write-ahead log."""
    victims = processes(data)
    for process in victims:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(victims, timeout=10)


def stop(server: Postmaster, data: Path, timeout: float) -> None:
    """Shut down fast (open transactions are rolled back); after `timeout` seconds at once, then by force."""
    for number, patience in ((signal.SIGINT, timeout), (signal.SIGQUIT, 2.0)):
        with contextlib.suppress(psutil.NoSuchProcess):
            server.process.send_signal(number)
        _, alive = psutil.wait_procs([server.process], timeout=patience)
        if not alive:
            break
    kill_all(data)


def _serves(process: psutil.Process, data: Path) -> bool:
    """Tell whether `process` is a postgres that works in `data`, even when that folder was deleted under it."""
    try:
        if process.status() == psutil.STATUS_ZOMBIE or process.name() != "postgres":
            return False
        return process.cwd().removesuffix(" (deleted)") == str(data)
    except psutil.Error:
        return False
