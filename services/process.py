"""What the main of every service shares: signals, logs and exit codes."""

import contextlib
import logging
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import structlog

from trading.errors import Interrupted, Misconfigured, TradewindError

DONE, FAILED, WRONG_INPUT, INTERRUPTED = 0, 1, 2, 130
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def main(run: Callable[[threading.Event], None]) -> None:
    """Run a service until it returns, and exit: `run` gets the event that SIGINT and SIGTERM set.

    Exit code 0 when it returned, 2 for Misconfigured, 130 for Interrupted, 1 for any other error, which is logged: one
    line for our own errors, with the traceback for those that nobody expected.
    """
    configure_logging()
    log = structlog.get_logger()
    stop = stop_event()
    try:
        run(stop)
    except TradewindError as error:
        log.error("stopped", error=type(error).__name__, reason=str(error))
        sys.exit(exit_code(error))
    except Exception:
        log.exception("crashed")
        sys.exit(FAILED)
    sys.exit(DONE)


def exit_code(error: TradewindError) -> int:
    """Return the exit code that tells a caller what `error` means."""
    match error:
        case Misconfigured():
            return WRONG_INPUT
        case Interrupted():
            return INTERRUPTED
        case _:
            return FAILED


def stop_event() -> threading.Event:
    """Return an event that SIGINT and SIGTERM set from now on, instead of ending the process. Main thread only."""
    stop = threading.Event()

    def handle(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in _SIGNALS:
        signal.signal(number, handle)
    return stop


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Within the block the first SIGINT or SIGTERM raises Interrupted; later ones do not disturb the cleaning up.

    For work that cannot look at an event. The handlers from before come back after the block. Main thread only.
    """

    def handle(number: int, _frame: FrameType | None) -> None:
        for other in _SIGNALS:
            signal.signal(other, signal.SIG_IGN)
        raise Interrupted(f"stopped by {signal.Signals(number).name}")

    before = {number: signal.signal(number, handle) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def configure_logging(level: int = logging.INFO) -> None:
    """Write one JSON object per line to stderr, UTC timestamps, the logs of libraries (from WARNING on) among them."""
    stamped: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    rendered: list[Any] = [structlog.processors.dict_tracebacks, structlog.processors.JSONRenderer(default=str)]
    structlog.configure(
        processors=[*stamped, *rendered],
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(level),
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*stamped, structlog.stdlib.add_logger_name],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendered],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
