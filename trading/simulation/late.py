"""Fills that the venue matches at once and books later, in slices: partial fills over time, and orders filled late."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from trading.order import OrderType
from trading.simulation.matching import Book, Execution
from trading.simulation.working_order import Status, WorkingOrder


@dataclass(frozen=True)
class Slices:
    """In how many `parts` a fill is booked, and how many ms after the one before each of them."""

    parts: int
    gap: int


@dataclass(frozen=True, slots=True)
class LateFill:
    """What will be booked of `order` at `at` ms: `lots` at the price of `ticks` at which they were matched."""

    at: int
    order: WorkingOrder
    ticks: int
    lots: int


class LateFills:
    """All that is matched and not booked yet, by time; a cancellation before its time undoes it."""

    def __init__(self) -> None:
        self._waiting: list[LateFill] = []

    @property
    def due(self) -> int | None:
        """When the next slice is booked, in ms; None when there is none."""
        return self._waiting[0].at if self._waiting else None

    def take(self, book: Book, order: WorkingOrder, slices: Slices) -> bool:
        """Match `order` now to be booked in `slices`; False, with nothing done, when it does not meet the ladder."""
        matches = [] if order.type is OrderType.STOP_LOSS else book.match(order)
        if not any(lots for _, lots in matches):
            return False
        order.late = sum(lots for _, lots in matches)
        order.owed = sum(ticks * lots for ticks, lots in matches)
        book.resting[order.order_id] = order
        self._waiting += _sliced(order, matches, slices)
        self._waiting.sort(key=lambda late: late.at)
        return True

    def book(self, books: Mapping[str, Book]) -> list[Execution]:
        """Book the slice that is due first and return its executions; [] when its order was canceled meanwhile."""
        at, order = self._waiting[0].at, self._waiting[0].order
        now = [late for late in self._waiting if late.at == at and late.order is order]
        self._waiting = [late for late in self._waiting if late.at != at or late.order is not order]
        executions: list[Execution] = []
        for late in now:
            if not order.open:
                break
            order.late -= late.lots
            order.owed -= late.ticks * late.lots
            lots = min(late.lots, order.remaining)
            executions += books[order.symbol].execute(order, late.ticks, lots, maker=False, at=at)
        if order.open and not order.late and (order.type is OrderType.MARKET or order.immediate):
            books[order.symbol].end(order, Status.EXPIRED, at)
        return executions


def _sliced(order: WorkingOrder, matches: Sequence[tuple[int, int]], slices: Slices) -> list[LateFill]:
    """Return `matches` cut into equal parts of lots, the last with the rest, each a gap after the one before."""
    whole, passed = sum(lots for _, lots in matches), 0
    fills: list[LateFill] = []
    for ticks, lots in matches:
        until = passed + lots
        while passed < until:
            part = min(slices.parts, passed * slices.parts // whole + 1)
            lots_here = min(until, -(-whole * part // slices.parts)) - passed
            fills.append(LateFill(order.placed + part * slices.gap, order, ticks, lots_here))
            passed += lots_here
    return fills
