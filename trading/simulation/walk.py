"""Where one symbol's market stands: on its path through the bars, and what it offers there."""

from collections.abc import Iterator
from decimal import Decimal

from trading.order import Side
from trading.simulation.costs import ladder
from trading.simulation.course import Course
from trading.simulation.path import CORNERS, TickBar

#: Resting orders together get at most one lot in four of what the market trades.
PARTICIPATION = 4


class Walk:
    """The market of one symbol: last `price` in ticks (None before its first bar), and whether it is `trading` at all.

    `course` is how far it has come in its bar, `allowance` how many lots resting orders may still get until the next
    corner of the path.
    """

    def __init__(self, half_spread_bps: Decimal) -> None:
        self.price: int | None = None
        self.trading = False
        self.allowance = 0
        self._half_spread_bps = half_spread_bps
        self.course = Course()
        self._volume = 0
        self._depth = 0
        self._traded = 0
        self._taken = {Side.BUY: 0, Side.SELL: 0}

    def open_bar(self, bar: TickBar | None, length: int) -> None:
        """Begin `bar` of `length` ms; with None nothing trades: the price stands and the ladder is empty."""
        self.trading = bar is not None
        self.course.open(bar, length)
        if bar is None:
            return
        self._volume = bar.volume
        # The ladder is as deep as the last bar that traded: the volume of the open bar is not known yet.
        self._depth = self._traded or bar.volume
        self._traded = bar.volume or self._traded
        self._refill()

    def follow(self, bar: TickBar) -> None:
        """Take `bar` as past: its close is the last price, its volume the depth of what comes next."""
        self.price = bar.close
        self._traded = bar.volume or self._traded

    def so_far(self) -> TickBar | None:
        """Return the open bar as far as its path has come: at its start only the open, with no volume; None before."""
        passed = self.course.passed
        if self.price is None or passed == 0:
            return None
        prices = [point.price for point in self.course.corners[:passed]] + [self.price]
        first = self.course.corners[0]
        volume = self._volume * (passed - 1) // 3
        return TickBar(first.at, first.price, max(prices), min(prices), self.price, volume)

    def move(self, price: int) -> None:
        """Let the market trade at `price`; what was taken from the ladder elsewhere is forgotten."""
        if price != self.price:
            self.price = price
            self._taken = {Side.BUY: 0, Side.SELL: 0}

    def arrive(self) -> None:
        """Pass the corner: the ladder is whole again, and the next third of the volume begins to trade."""
        self.course.passed += 1
        self._taken = {Side.BUY: 0, Side.SELL: 0}
        # The open itself trades nothing: it and the way to the first extreme share the first third.
        if self.course.passed > 1:
            self._refill()

    def finish(self) -> None:
        """Walk to the close at once: to be done only where nobody waits on the way."""
        if self.course.bar is not None:
            self.price, self.course.passed = self.course.bar.close, CORNERS
            self._taken = {Side.BUY: 0, Side.SELL: 0}
            self._refill()

    def begin(self) -> None:
        """Open the bar at once: to be done only where nobody waits for its open."""
        if self.course.opening and self.course.bar is not None:
            self.move(self.course.bar.open)
            self.arrive()

    def levels(self, side: Side) -> Iterator[tuple[int, int]]:
        """Yield what a taker on `side` meets now: (ticks, lots), best first, less what was taken at this price."""
        if not self.trading or self.price is None:
            return
        taken = self._taken[side]
        for ticks, lots in ladder(side, self.price, self._half_spread_bps, self._depth):
            if taken < lots:
                yield ticks, lots - taken
            taken = max(0, taken - lots)

    def take(self, side: Side, lots: int) -> None:
        """Note that a taker on `side` ate `lots` of the ladder."""
        self._taken[side] += lots

    def _refill(self) -> None:
        self.allowance = self._volume // 3 // PARTICIPATION
