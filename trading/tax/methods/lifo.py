"""Last in, first out: the lot acquired last leaves first."""

from datetime import timedelta

from trading.tax.lot import Lot
from trading.tax.methods import fifo


def order(lot: Lot) -> tuple[timedelta, int]:
    """Return what lots are sorted by: the reverse of first in, first out."""
    acquired, number = fifo.order(lot)
    return acquired.min.replace(tzinfo=acquired.tzinfo) - acquired, -number
