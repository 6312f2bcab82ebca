"""Crash points: the named moments between two effects, at which tests end, freeze or fail this process."""

from collections.abc import Callable

#: Every moment, in the order in which an order passes them.
NAMES = (
    "record_read",
    "record_opened",
    "decision_written",
    "intake_committed",
    "intent_read",
    "sending_written",
    "sending_committed",
    "before_wire",
    "after_wire",
    "answer_written",
    "answer_committed",
    "fill_booked",
    "unknown_written",
    "unknown_committed",
    "query_answered",
    "absence_written",
    "absence_committed",
    "cancel_before_wire",
    "cancel_after_wire",
    "trigger_read",
    "trigger_committed",
    "reconcile_asked",
    "reconcile_written",
    "reconcile_committed",
    "sweep_written",
)

_armed: list[Callable[[str], None]] = []


def arm(strike: Callable[[str], None] | None) -> None:
    """Call `strike` with the name of each point that is reached from now on; None disarms. For tests alone."""
    _armed[:] = [] if strike is None else [strike]


def crash_point(name: str) -> None:
    """Mark the moment `name`; does nothing unless a test has armed it."""
    for strike in _armed:
        strike(name)
