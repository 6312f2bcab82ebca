"""Order books: what a venue's message says about one, what became of it, and the best levels at one moment.

A venue's numbers stay its own text from the message to the level: a checksum is made of the text, and a Decimal of it
is exact.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

#: A level as the venue wrote it: price text, quantity text; what follows is ignored. Quantity zero removes the level.
Row = Sequence[str]


class Numbering(StrEnum):
    """How a venue numbers its changes, so that a missing one shows."""

    RANGE = "RANGE"  # covers first..last; the next begins at last + 1: Binance spot, KuCoin, Gate, Bybit v5 (u..u)
    CHAIN = "CHAIN"  # names the one before it as `previous`: Binance futures, OKX
    RISE = "RISE"  # only ever higher, with holes: Bybit's cross_seq
    NONE = "NONE"  # no numbers in the message: Kraken (checksums instead), Coinbase Exchange


class ChecksumKind(StrEnum):
    """Whose recipe a checksum follows."""

    KRAKEN = "KRAKEN"
    OKX = "OKX"


@dataclass(frozen=True, slots=True)
class Checksum:
    """What the venue says the best levels hash to, after the change."""

    kind: ChecksumKind
    value: int


@dataclass(frozen=True, slots=True)
class BookUpdate:
    """A whole book (`snapshot`) or a change of one. `market` is the venue's own name of the instrument, `ts` its time.

    `asked` marks a snapshot that answers a request: it may be older than the changes that have arrived. `depth` says
    how many levels a side of the venue's book has; None when it has all.
    """

    market: str
    bids: Sequence[Row]
    asks: Sequence[Row]
    snapshot: bool = False
    asked: bool = False
    numbering: Numbering = Numbering.NONE
    first: int | None = None
    last: int | None = None
    previous: int | None = None
    checksum: Checksum | None = None
    depth: int | None = None
    ts: datetime | None = None


class BookState(StrEnum):
    """Whether a book may be believed."""

    SYNCING = "SYNCING"  # waits for a snapshot
    LIVE = "LIVE"
    BROKEN = "BROKEN"  # gap, bad checksum, crossed or empty: only a new snapshot heals it


class Fate(StrEnum):
    """What became of one message; each gets exactly one, a buffered one its second when the snapshot comes."""

    APPLIED = "APPLIED"
    BUFFERED = "BUFFERED"
    STALE = "STALE"  # older than what the book holds, or known already
    GAP = "GAP"  # something before it is missing
    REFUSED = "REFUSED"  # its rows are no levels; nothing of it entered the book


@dataclass(frozen=True, slots=True)
class Level:
    """A price (quote per base) and the quantity that rests there (base)."""

    price: Decimal
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class OrderBook:
    """The best levels of a sound book, best first, neither side empty; `sequence` is the venue's number, if any."""

    market: str
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    sequence: int | None = None
    ts: datetime | None = None
