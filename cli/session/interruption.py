"""Ctrl-C while Dagster runs a job: it has signal handlers of its own, and forgets what came at the wrong moment."""

import contextlib
import signal
import socket
import threading
from collections.abc import Iterator
from types import FrameType

from trading.errors import Interrupted

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
#: Raised in the main thread when an interruption was lost: no handler of Dagster's is in its way.
_AGAIN = signal.SIGALRM
#: So long is what was interrupted given to end; a job that fails writes down that it did.
_PATIENCE_SECONDS = 5.0


@contextlib.contextmanager
def heeded() -> Iterator[None]:
    """Raise Interrupted out of the block when SIGINT or SIGTERM came within it, whoever handled it there.

    An exception that a handler raises may be lost: in a destructor, or to who catches everything. It is raised again
    then, until the block ends. Later signals do not disturb the cleaning up, as in `services.process.interruptible`,
    whose block brings the handlers back. Main thread only.
    """
    from dagster import DagsterExecutionInterruptedError

    failure: BaseException | None = None
    watch = _Watch()
    try:
        yield
    except (Exception, DagsterExecutionInterruptedError) as error:
        # What an interruption breaks off half-way, such as an import, fails afterwards in ways of its own.
        failure = error
    finally:
        came = watch.end()
    if came:
        for other in _SIGNALS:
            signal.signal(other, signal.SIG_IGN)
        raise Interrupted(f"stopped by {signal.Signals(came[0]).name}") from failure
    if failure is not None and not isinstance(failure, DagsterExecutionInterruptedError):
        raise failure


class _Watch:
    """A thread that hears of each signal through the wake-up descriptor and insists on what is not heeded."""

    def __init__(self) -> None:
        self._read, self._written = socket.socketpair()
        self._written.setblocking(False)
        self._ended = threading.Event()
        self._came: list[int] = []
        self._main = threading.get_ident()
        self._handler = signal.signal(_AGAIN, self._raise)
        self._before = signal.set_wakeup_fd(self._written.fileno(), warn_on_full_buffer=False)
        self._thread = threading.Thread(target=self._listen, name="interruption", daemon=True)
        self._thread.start()

    def end(self) -> list[int]:
        """Leave everything as it was before and return which of _SIGNALS came."""
        self._ended.set()
        signal.set_wakeup_fd(self._before)
        self._written.close()
        self._thread.join()
        while more := self._read.recv(64):
            self._note(more)
        self._read.close()
        signal.signal(_AGAIN, self._handler)
        return self._came

    def _listen(self) -> None:
        while not self._came:
            heard = self._read.recv(64)
            if not heard:
                return
            self._note(heard)
        while not self._ended.wait(_PATIENCE_SECONDS):
            signal.pthread_kill(self._main, _AGAIN)

    def _note(self, heard: bytes) -> None:
        self._came += [number for number in heard if number in _SIGNALS]

    def _raise(self, _number: int, _frame: FrameType | None) -> None:
        if not self._ended.is_set():
            raise Interrupted("stopped again: the first time was lost")
