"""What the name of a file tells: venue, symbol and timeframe."""

import re
from dataclasses import dataclass

from trading.errors import Misconfigured
from trading.instrument import split_symbol
from trading.timeframe import Timeframe

#: Words of a name that make it another market of the same venue, and those that only say what kind of data it is.
VARIETIES = ("perp", "futures", "swap", "linear", "inverse", "mark", "index", "premium")
NOISE = ("spot", "candles", "klines", "ohlcv", "funding", "rate", "trades", "trade", "aggtrades", "quote", "quotes")

_WORDED = {"minute": "1m", "1min": "1m", "5min": "5m", "15min": "15m", "30min": "30m", "hour": "1h", "hourly": "1h"}
_WORDED |= {"1hour": "1h", "60min": "1h", "daily": "1d", "day": "1d", "1day": "1d"}
#: Names under which some venues keep a currency.
ALIASES = {"XBT": "BTC", "XXBT": "BTC", "ZUSD": "USD", "ZEUR": "EUR", "XETH": "ETH"}


@dataclass(frozen=True)
class FileName:
    """The parts of a name such as `binance_BTCUSDT_1h`; None where the name does not tell."""

    venue: str | None
    market: tuple[str, str] | None
    timeframe: Timeframe | None


def read_name(stem: str, quotes: tuple[str, ...]) -> FileName:
    """Return what a name without its suffix tells: words parted by `_-. `; what follows the timeframe is noise.

    A word that names another market of the venue (perp, mark, ...) becomes part of the venue: `binance_perp`.
    """
    words = [word for word in re.split(r"[_\-\s.]+", stem) if word]
    varieties = [word.lower() for word in words if word.lower() in VARIETIES]
    timeframe = None
    for place, word in enumerate(words):
        length = _WORDED.get(word.lower(), word)
        if re.fullmatch(r"[1-9]\d*[smhdwHDW]", length):
            timeframe, words = Timeframe.parse(length.lower()), words[:place]
            break
    words = [word for word in words if word.lower() not in VARIETIES + NOISE]
    market, rest = _market(words, quotes)
    label = "_".join([*rest, *varieties]).lower() or None
    return FileName(label if market else None, market, timeframe)


def market_of(name: str, quotes: tuple[str, ...], where: str) -> tuple[str, str]:
    """Return (base, quote) of `name`; Misconfigured naming `where` it was written when no quote ends it."""
    try:
        base, quote = split_symbol(name.strip(), quotes)
    except ValueError:
        base = quote = ""
    if not base or not quote:
        raise Misconfigured(
            f"{where}: symbol {name!r} ends with none of the quotes {', '.join(quotes)}; write it as BASE/QUOTE"
        )
    return base, quote


def _market(words: list[str], quotes: tuple[str, ...]) -> tuple[tuple[str, str] | None, list[str]]:
    """Return the market that the last one or two words spell, and the words before it.

    A quote that is said twice is the currency that a contract is settled in.
    """
    if len(words) >= 3 and words[-1].upper() == words[-2].upper() and words[-1].upper() in quotes:
        words = words[:-1]
    if len(words) >= 2 and words[-1].upper() in quotes:
        return (words[-2].upper(), words[-1].upper()), words[:-2]
    if words:
        try:
            return split_symbol(words[-1], quotes), words[:-1]
        except ValueError:
            return None, words
    return None, words
