"""How far the market has come on the path of its bar: the corners behind it and those ahead."""

from collections.abc import Sequence

from trading.simulation.path import Point, TickBar, path


class Course:
    """One bar after the other; `bar` is None where nothing trades, `passed` counts the corners behind."""

    def __init__(self) -> None:
        self.bar: TickBar | None = None
        self.passed = 0
        self._length = 0
        self._made: tuple[Point, ...] | None = None

    def open(self, bar: TickBar | None, length: int) -> None:
        """Begin `bar` of `length` ms."""
        self.bar, self._length, self._made, self.passed = bar, length, None, 0

    @property
    def corners(self) -> tuple[Point, ...]:
        """All corners of the bar, made when somebody asks: most bars meet no order."""
        if self._made is None:
            self._made = () if self.bar is None else path(self.bar, self._length)
        return self._made

    @property
    def corner(self) -> Point | None:
        """The next corner; None once the bar is walked."""
        return self.corners[self.passed] if self.passed < len(self.corners) else None

    @property
    def ahead(self) -> Sequence[Point]:
        """The corners that are still to come."""
        return self.corners[self.passed :]

    @property
    def opening(self) -> bool:
        """Whether the next corner is an open: the price jumps there, nothing trades in between."""
        return self.passed == 0
