"""All invariants that evidence can decide, in the order of their numbers."""

from adapters.evidence import messaging, money, operations, orders, risk, wire
from adapters.evidence.finding import Verdict, judge
from adapters.evidence.history import History

CHECKS = tuple(
    sorted(
        (*orders.CHECKS, *wire.CHECKS, *money.CHECKS, *risk.CHECKS, *messaging.CHECKS, *operations.CHECKS),
        key=lambda check: int(check.invariant[1:]),
    )
)


def verify(history: History) -> list[Verdict]:
    """Return one verdict per invariant; pure, so the same history gives the same verdicts."""
    return [judge(check, history) for check in CHECKS]
