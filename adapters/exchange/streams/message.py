"""One message of a venue and what was read in it."""

from dataclasses import dataclass

from trading.candle import CandleUpdate
from trading.errors import BadData
from trading.order_book import BookUpdate
from trading.ticker import Ticker
from trading.trade import Trade


@dataclass(frozen=True, slots=True)
class Subscription:
    """The venue says that a stream of `market` begins; `depth` levels a side, where it says so."""

    market: str
    depth: int | None


@dataclass(frozen=True, slots=True)
class Control:
    """A message that carries no market data for us: a greeting, a heartbeat, an answer, a channel we do not keep."""

    kind: str


Event = BookUpdate | Trade | CandleUpdate | Ticker | Subscription | Control


@dataclass(frozen=True, slots=True)
class Where:
    """What the way of a message says about it: the market and the bar length asked for, empty when unknown."""

    market: str = ""
    timeframe: str = ""


class NotKnown(BadData):
    """A message of a kind that this venue is not known to send."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The events of one message; or, when it could not be read, why and its raw text.

    `sequence` counts all messages of the connection, where the venue numbers them. `suspect` marks an unreadable
    message that may have been the change of a book, `torn` one of which not even that can be told.
    """

    events: tuple[Event, ...] = ()
    sequence: int | None = None
    reason: str = ""
    raw: str = ""
    suspect: bool = False
    torn: bool = False
