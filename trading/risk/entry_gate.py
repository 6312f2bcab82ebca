"""Refuse new risk while the symbol's data, its venue state or a halt says so; exits always pass."""

from decimal import Decimal

from trading.target import Target


def apply(target: Target, holding: Decimal, is_open: bool, reason: str) -> Target:
    """Return `target`, capped at the present `holding` while the gate is closed."""
    return target if is_open else target.capped(holding, f"gate_closed:{reason}")
