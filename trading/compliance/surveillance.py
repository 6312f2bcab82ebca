"""Transaction monitoring: every rule over what a book did, each finding once."""

from collections.abc import Callable

from trading.compliance.case import Finding, unique
from trading.compliance.rules import (
    cancel_ratio,
    layering,
    self_trade,
    spike,
    unusual_movement,
    velocity,
    wash_trade,
)
from trading.compliance.rules.activity import Activity
from trading.compliance.rules.parameters import Parameters

RULES: dict[str, Callable[[Activity, Parameters], list[Finding]]] = {
    rule.RULE: rule.find for rule in (self_trade, layering, velocity, spike, unusual_movement, wash_trade, cancel_ratio)
}


def watch(activity: Activity, parameters: Parameters) -> list[Finding]:
    """Return what the rules find in `activity`, by time; the same activity gives the same findings."""
    return unique([finding for find in RULES.values() for finding in find(activity, parameters)])
