"""Which rule refused: the name of a refusal, from the reason of a decision."""

import re

#: The codes of the last look at an order (trading/compliance/screen.py); a decision that was refused begins with one.
CODES = (
    "instrument_status", "max_order_value", "min_notional", "no_reference", "price_collar", "price_step",
    "quantity_step",
)  # fmt: skip
_GATE = re.compile(r"(?:^|,)gate_closed:(\S+)")


def rule_of(verdict: str, reason: str) -> str | None:
    """Return the rule that refused new risk, such as `price_collar` or `gate restricted_list`; None when none did."""
    gate = _GATE.search(reason)
    if gate is not None:
        return f"gate {gate.group(1)}"
    code = reason.partition(":")[0]
    if verdict == "DENIED":
        return code or "denied"
    return code if code in CODES else None
