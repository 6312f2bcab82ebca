"""The methods by name."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from trading.tax.lot import Lot
from trading.tax.methods import fifo, hifo, lifo, lofo


class Method(StrEnum):
    """How the lot that leaves is found.

    AVERAGE keeps one pool at its average cost. SPECIFIC takes the lots that the disposal names, and the oldest where it
    names none. SECTION_104 are the rules of the United Kingdom: same day, thirty days, pool.
    """

    FIFO = "fifo"
    LIFO = "lifo"
    HIFO = "hifo"
    LOFO = "lofo"
    AVERAGE = "average"
    SPECIFIC = "specific"
    SECTION_104 = "section 104"


# A pool is one lot, so any order will do; for SPECIFIC it is what the law falls back on.
ORDERS: dict[Method, Callable[[Lot], Any]] = {
    Method.FIFO: fifo.order,
    Method.LIFO: lifo.order,
    Method.HIFO: hifo.order,
    Method.LOFO: lofo.order,
    Method.AVERAGE: fifo.order,
    Method.SPECIFIC: fifo.order,
}
