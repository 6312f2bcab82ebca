"""Lowest in, first out: the lot that cost least per unit, fees included, leaves first."""

from datetime import datetime
from decimal import Decimal

from trading.tax.lot import Lot
from trading.tax.methods import fifo


def order(lot: Lot) -> tuple[Decimal, tuple[datetime, int]]:
    """Return what lots are sorted by: the cost of a unit from low to high, then first in, first out."""
    return lot.unit_cost, fifo.order(lot)
