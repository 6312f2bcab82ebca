"""The books that one connection feeds: each change goes to its book, and what concerns them all breaks them all."""

from adapters.exchange.streams.message import Reading, Subscription
from trading.market.book_keeper import BookKeeper
from trading.order_book import BookUpdate, Fate


class Books:
    """What one connection does to the books of a venue, `keepers` by the venue's own name of the market."""

    def __init__(self, keepers: dict[str, BookKeeper]) -> None:
        self._keepers = keepers
        self._fed: set[str] = set()
        self._sequence: int | None = None
        self._addresses: set[str] = set()

    def connected(self, address: str) -> None:
        """Hear that a connection to `address` was opened; when there was one before, everything begins anew."""
        if address in self._addresses:
            self.reconnected()
        self._addresses.add(address)

    def reconnected(self) -> None:
        """Begin anew: what was sent while the connection was down is lost."""
        self._sequence = None
        for market in self._fed:
            self._keepers[market].restart("the connection was lost")

    def take(self, reading: Reading) -> list[tuple[BookKeeper, Fate]]:
        """Take in what one message said and return each book that it concerned with the fate of its part."""
        if reading.reason:
            self._doubt(reading)
            return []
        if reading.sequence is not None and not self._follows(reading.sequence):
            return []
        taken: list[tuple[BookKeeper, Fate]] = []
        for event in reading.events:
            if isinstance(event, BookUpdate):
                keeper = self._keeper(event.market)
                taken.append((keeper, keeper.take(event)))
            elif isinstance(event, Subscription) and event.depth is not None:
                self._keeper(event.market).limit = event.depth
        return taken

    def _keeper(self, market: str) -> BookKeeper:
        """Return the keeper of `market`; an answer that names no market is about the only one there is."""
        if not market and len(self._keepers) == 1:
            market = next(iter(self._keepers))
        if market not in self._keepers:
            self._keepers[market] = BookKeeper(market)
        self._fed.add(market)
        return self._keepers[market]

    def _follows(self, sequence: int) -> bool:
        """Return False for a message that came before; one that is missing breaks all books."""
        last, self._sequence = self._sequence, sequence
        if last is None or sequence == last + 1:
            return True
        if sequence == 0:
            self.reconnected()
            self._sequence = 0
            return True
        if sequence <= last:
            self._sequence = last
            return False
        for market in self._fed:
            self._keepers[market].doubt(f"gap: message {sequence} of the connection after {last}", gap=True)
        return True

    def _doubt(self, reading: Reading) -> None:
        """Break the books that an unreadable message may have changed and whose numbers would not show it."""
        for keeper in (self._keepers[market] for market in self._fed if reading.suspect):
            if not keeper.numbered and (reading.torn or keeper.market in reading.raw):
                keeper.doubt(f"an unreadable message: {reading.reason}", gap=False)
