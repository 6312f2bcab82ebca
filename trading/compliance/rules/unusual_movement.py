"""Unusual movement: coins that came or went on the account without an order of ours."""

from trading.compliance.case import Finding
from trading.compliance.rules.activity import Activity, Movement
from trading.compliance.rules.parameters import Parameters

RULE = "unusual_movement"
_WORDS = {"FOREIGN": "a trade that no order of ours explains", "ADJUSTMENT": "a difference to the venue was accepted"}


def find(activity: Activity, parameters: Parameters) -> list[Finding]:
    """Return a finding for each trade of strangers and each accepted difference above `movement_value`."""
    return [_finding(one) for one in activity.movements if abs(one.amount) > parameters.movement_value]


def _finding(one: Movement) -> Finding:
    way = "out" if one.amount < 0 else "in"
    said = f"{abs(one.amount):f} {one.currency} went {way}: {_WORDS[one.kind]}"
    return Finding(RULE, one.symbol, f"{one.ref}|{one.currency}", said, (one.ref,), one.at, one.at)
