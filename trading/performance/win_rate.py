"""Win rate: the share of round trips that earned something."""

from collections.abc import Sequence
from decimal import Decimal

from trading.money import ZERO, divide
from trading.performance.round_trips import RoundTrip


def win_rate(trips: Sequence[RoundTrip]) -> Decimal | None:
    """Return the share of `trips` with a profit after fees, 0..1; None without trips."""
    if not trips:
        return None
    return divide(Decimal(sum(trip.pnl > ZERO for trip in trips)), Decimal(len(trips)))
