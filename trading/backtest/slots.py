"""What the market offers in successive slots of one symbol: the price at the open of each, and how far prices reach."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trading.order import OrderType, Side
from trading.simulation.grid import GridBars
from trading.simulation.working_order import WorkingOrder

Ints = npt.NDArray[np.int64]

#: No price is so far.
_FAR = 2**62


@dataclass(frozen=True, slots=True)
class Slots:
    """By slot, in ticks: what it `shows` at its open (0: none), `least` and `most` up to the open of the next."""

    shows: Ints
    least: Ints
    most: Ints

    def untouched(self, order: WorkingOrder, place: int, count: int) -> int:
        """Return in how many of `count` slots from `place` on, one after the other, a resting order is not due."""
        wants_low = (order.side is Side.BUY) == (order.type is OrderType.LIMIT)
        if wants_low:
            due = self.least[place : place + count] <= order.trigger
        else:
            due = self.most[place : place + count] >= order.trigger
        return int(due.argmax()) if due.any() else count


def slots(bars: GridBars, symbol: str, start: int, length: int, count: int) -> Slots:
    """Return `count` slots of `length` ms of `symbol`, the first at `start` ms."""
    held = bars.window(symbol, start, start + (count + 1) * length)
    columns: Mapping[str, Ints] = {name: np.array(column, dtype=np.int64) for name, column in held.columns.items()}
    place = (columns["opened"] - start) // length
    there = np.zeros(count + 1, dtype=np.bool_)
    there[place] = True
    before = bars.last_before(symbol, start)
    closes = _spread(columns["close"], place, there, 0 if before is None else before.close)
    opens = _laid(columns["open"], place, count, 0)
    after = np.where(there[1:], opens[1:], 0)
    reach = {name: _laid(columns[name], place, count, 0) for name in ("high", "low")}
    return Slots(
        np.where(there, opens, np.concatenate([[0 if before is None else before.close], closes[:-1]]))[:-1],
        np.minimum(np.where(there, reach["low"], _FAR)[:-1], np.where(after > 0, after, _FAR)),
        np.maximum(np.where(there, reach["high"], -_FAR)[:-1], np.where(after > 0, after, -_FAR)),
    )


def _laid(values: Ints, place: Ints, count: int, empty: int) -> Ints:
    """Return `values` at their places among count + 1 slots."""
    laid = np.full(count + 1, empty, dtype=np.int64)
    laid[place] = values
    return laid


def _spread(closes: Ints, place: Ints, there: npt.NDArray[np.bool_], before: int) -> Ints:
    """Return the newest close at the end of each slot."""
    laid = _laid(closes, place, len(there) - 1, 0)
    last = np.maximum.accumulate(np.where(there, np.arange(len(there)), -1))
    return np.where(last >= 0, laid[last], before)
