"""Ctrl-C while Dagster runs a job: it has signal handlers of its own, and forgets what came at the wrong moment."""

import contextlib
import signal
import socket
from collections.abc import Iterator

from trading.errors import Interrupted

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextlib.contextmanager
def heeded() -> Iterator[None]:
    """Raise Interrupted at the end of the block when SIGINT or SIGTERM came within it, whoever handled it there.

    Python tells each signal to the wake-up descriptor too. Later signals do not disturb the cleaning up, as in
    `services.process.interruptible`, whose block brings the handlers back. Main thread only.
    """
    from dagster import DagsterExecutionInterruptedError

    failure: BaseException | None = None
    read, written = socket.socketpair()
    with read, written:
        for end in (read, written):
            end.setblocking(False)
        before = signal.set_wakeup_fd(written.fileno(), warn_on_full_buffer=False)
        try:
            yield
        except (Exception, DagsterExecutionInterruptedError) as error:
            # What an interruption breaks off half-way, such as an import, fails afterwards in ways of its own.
            failure = error
        finally:
            signal.set_wakeup_fd(before)
        came = b""
        with contextlib.suppress(BlockingIOError):
            came = read.recv(4096)
    for number in came:
        if number in _SIGNALS:
            for other in _SIGNALS:
                signal.signal(other, signal.SIG_IGN)
            raise Interrupted(f"stopped by {signal.Signals(number).name}") from failure
    if failure is not None and not isinstance(failure, DagsterExecutionInterruptedError):
        raise failure
