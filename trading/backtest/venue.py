"""The exchange of a backtest: it need not walk through bars in which nothing of ours can happen."""

from trading.simulation.exchange import Exchange
from trading.simulation.matching import Book
from trading.simulation.path import TickBar


class Venue(Exchange):
    """An exchange that may sleep: its clock stays behind until somebody has to know what the market offers."""

    def sleeps(self, at: int) -> bool:
        """Whether no resting order can come to life in the slot of `at` ms, or at the open of the next."""
        for symbol, book in self.books.items():  # noqa: SIM110 - a generator would cost more than what it asks
            if book.resting and self._wakes(symbol, book, at):
                return False
        return True

    def catch_up(self, at: int) -> None:
        """Come to the open of the slot of `at` ms at once: to be done only where all slots on the way may be slept in.

        It ends as `advance` would have, slot by slot.
        """
        since, self._slot = self._slot, at - at % self._length
        if since == self._slot:
            return
        self.reach(at)
        for symbol, book in self.books.items():
            for bar in self._passed(symbol, since):
                book.walk.follow(bar)
            book.walk.open_bar(self._bars.bar(symbol, self._slot), self._length)
            book.walk.begin()

    def _wakes(self, symbol: str, book: Book, at: int) -> bool:
        bar, after = self._bars.bar(symbol, at), self._bars.bar(symbol, at + self._length)
        prices = [] if bar is None else [bar.open, bar.high, bar.low, bar.close]
        prices += [] if after is None else [after.open]
        return any(order.due(price) for order in book.resting.values() for price in prices)

    def _passed(self, symbol: str, since: int) -> list[TickBar]:
        """Return the last bars between `since` and the present slot, oldest first, from one that had volume on."""
        found: list[TickBar] = []
        for opened in range(self._slot - self._length, since - 1, -self._length):
            bar = self._bars.bar(symbol, opened)
            found += [] if bar is None else [bar]
            if bar is not None and bar.volume:
                break
        return found[::-1]
