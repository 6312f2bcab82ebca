"""Profit factor: what the winning round trips earned for each unit that the losing ones cost."""

from collections.abc import Sequence
from decimal import Decimal

from trading.money import ZERO, divide
from trading.performance.round_trips import RoundTrip


def profit_factor(trips: Sequence[RoundTrip]) -> Decimal | None:
    """Return profits / losses after fees, above 1 for a gain; None without a losing trip."""
    won = sum((trip.pnl for trip in trips if trip.pnl > ZERO), ZERO)
    lost = -sum((trip.pnl for trip in trips if trip.pnl < ZERO), ZERO)
    return divide(won, lost) if lost > ZERO else None
