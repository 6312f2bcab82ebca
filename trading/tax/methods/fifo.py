"""First in, first out: the lot held longest leaves first."""

from datetime import UTC, datetime

from trading.tax.lot import Lot

_NO_DATE = datetime.min.replace(tzinfo=UTC)


def order(lot: Lot) -> tuple[datetime, int]:
    """Return what lots are sorted by: when they were acquired, then the order they came in."""
    return lot.acquired or _NO_DATE, lot.number
