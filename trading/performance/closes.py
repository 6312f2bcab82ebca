"""What every symbol was worth at a time, as it was known then."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True)
class Close:
    """The close of the bar of `symbol` that opened at `ts`, in quote per base, known from `known_at` on."""

    symbol: str
    ts: datetime
    known_at: datetime
    price: Decimal


def known_at(closes: Iterable[Close], times: Sequence[datetime]) -> Iterator[dict[str, Decimal]]:
    """Yield for each of the ascending `times` the newest close per symbol that was known by then.

    A symbol without a new bar keeps its last close; a symbol without any bar yet is missing.
    """
    arriving = sorted(closes, key=lambda close: (close.known_at, close.ts))
    newest: dict[str, Close] = {}
    place = 0
    for time in times:
        while place < len(arriving) and arriving[place].known_at <= time:
            close = arriving[place]
            if close.symbol not in newest or newest[close.symbol].ts <= close.ts:
                newest[close.symbol] = close
            place += 1
        yield {symbol: close.price for symbol, close in newest.items()}
