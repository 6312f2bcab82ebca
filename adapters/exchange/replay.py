"""A recording once more through the adapters: what was read, what became of it, and how the books stand at its end."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from adapters.exchange.recording import Line, Way, lines, venue_of, where
from adapters.exchange.streams.books import Books
from adapters.exchange.streams.message import Control, Reading, Subscription, Where
from adapters.exchange.streams.reader import READERS, read
from trading.errors import Misconfigured
from trading.market.book_keeper import BookKeeper

_KEPT = 1000


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A message that could not be read, as it came."""

    reason: str
    raw: str


@dataclass
class Account:
    """The account of a replay: messages = data + control + unreadable; `events` counts what was in them by kind."""

    venue: str = ""
    messages: int = 0
    data: int = 0
    control: int = 0
    unreadable: int = 0
    sent: int = 0
    connections: int = 0
    events: Counter[str] = field(default_factory=Counter)
    quarantined: list[Quarantined] = field(default_factory=list)
    books: dict[str, BookKeeper] = field(default_factory=dict)

    def total(self, name: str) -> int:
        """Return the sum of a field of Tally over all books."""
        return sum(getattr(book.tally, name) for book in self.books.values())

    @property
    def gaps(self) -> int:
        """Return the holes that nothing in the recording explains."""
        return self.total("gaps")

    @property
    def gaps_explained(self) -> int:
        """Return the holes that the recording explains: a late snapshot, a lost connection."""
        return self.total("late_snapshots") + self.total("restarts")


def replay(files: Iterable[Path], venue: str | None = None) -> Account:
    """Run the recording in `files`, merged by their receive times, through the adapter of a venue.

    `venue` is a ccxt id; None takes it from the addresses in the recording. Each file is one connection.

    Raises:
        Misconfigured: there is no reader for the venue, or the recording does not name one.
    """
    account, connections = Account(), dict[int, Books]()
    for line in lines(files):
        venue = venue or venue_of(line.url)
        books = connections.setdefault(line.source, Books(account.books))
        if line.way is Way.CONNECTED:
            account.connections += 1
            books.connected(line.url)
        elif line.way is Way.SENT:
            account.sent += 1
        else:
            _take(account, books, line, _known(venue))
    account.venue = venue or ""
    return account


def _known(venue: str | None) -> str:
    if venue not in READERS:
        raise Misconfigured(f"no reader for venue {venue!r}: name one of {', '.join(sorted(READERS))} as `venue`")
    return venue


def _take(account: Account, books: Books, line: Line, venue: str) -> None:
    account.messages += 1
    answer = line.way is Way.ANSWER
    reading = (
        Reading(reason="not a line of a recording", raw=line.text)
        if line.way is Way.UNCLEAR
        else read(venue, line.text, where(line.url) if answer else Where())
    )
    if reading.reason:
        account.unreadable += 1
        if len(account.quarantined) < _KEPT:
            account.quarantined.append(Quarantined(reading.reason, reading.raw))
    elif all(isinstance(event, Control | Subscription) for event in reading.events):
        account.control += 1
    else:
        account.data += 1
    account.events.update(type(event).__name__ for event in reading.events)
    if not (answer and reading.reason):
        books.take(reading)
