"""Single fields of a venue's message, checked: all numbers are text here, whatever is wrong is BadData."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from trading.candle import Candle
from trading.errors import BadData
from trading.market.book_numbers import MOST_QUANTITY_DIGITS, require_number
from trading.money import decimal
from trading.order import Side
from trading.timeframe import EPOCH

_SECONDS = (1_230_768_000, 4_102_444_800)  # 2009 to 2100: what lies outside is another unit, or nonsense
_SIDES = {"buy": Side.BUY, "b": Side.BUY, "bid": Side.BUY, "sell": Side.SELL, "s": Side.SELL, "offer": Side.SELL}
_LONGEST_NAME = 64


def name(value: object) -> str:
    """Return the venue's own name of an instrument or a channel."""
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_NAME or not value.isprintable():
        raise BadData(f"not a name: {str(value)[:80]!r}")
    return value


def identity(value: object) -> str:
    """Return an id: text, or the text of a number."""
    return name(value)


def positive(value: object) -> Decimal:
    """Return a number above zero."""
    number = decimal(plain(value))
    if number <= 0:
        raise BadData(f"not above zero: {number}")
    return number


def optional(value: object) -> Decimal | None:
    """Return a price, None where the venue leaves it out, empty or zero."""
    if value is None or value == "":
        return None
    number = decimal(plain(value))
    if number < 0:
        raise BadData(f"a negative price: {number}")
    return number or None


def plain(value: object) -> str:
    """Return the text of a plain non-negative number, as the venue wrote it."""
    require_number(value, MOST_QUANTITY_DIGITS)
    return str(value)


def whole(value: object) -> int:
    """Return a whole number, possibly negative."""
    if not isinstance(value, str) or not value.isascii() or not value.removeprefix("-").isdigit() or len(value) > 24:
        raise BadData(f"not a whole number: {str(value)[:50]!r}")
    return int(value)


def side(value: object) -> Side:
    """Return the side that a venue's word means."""
    found = _SIDES.get(value.lower()) if isinstance(value, str) else None
    if found is None:
        raise BadData(f"not a side: {str(value)[:50]!r}")
    return found


def milliseconds(value: object) -> datetime:
    """Return the time of whole milliseconds since the epoch."""
    return _moment(timedelta(milliseconds=_within(whole(value), 1000)))


def seconds(value: object) -> datetime:
    """Return the time of seconds since the epoch, possibly with a fraction."""
    number = decimal(plain(value))
    return _moment(timedelta(microseconds=_within(int(number * 1_000_000), 1_000_000)))


def written(value: object) -> datetime:
    """Return the time of an ISO 8601 text in UTC, cut to microseconds."""
    text = name(value).replace(" ", "T", 1)
    if not text.endswith(("Z", "+00:00")):
        raise BadData(f"not a time in UTC: {text!r}")
    text = text.removesuffix("Z").removesuffix("+00:00")
    whole_part, _, fraction = text.partition(".")
    if fraction and not (fraction.isascii() and fraction.isdigit()):
        raise BadData(f"not a time: {text!r}")
    try:
        moment = datetime.fromisoformat(f"{whole_part}+00:00") + timedelta(microseconds=int(f"{fraction:0<6.6}"))
    except ValueError:
        raise BadData(f"not a time: {text!r}") from None
    return _moment(moment - EPOCH)


def candle(ts: datetime, row: Mapping[Any, Any]) -> Candle:
    """Return the bar of fields open, high, low, close, volume; BadData where they contradict each other."""
    prices = [float(positive(row[field])) for field in ("open", "high", "low", "close")]
    if prices[1] < max(prices) or prices[2] > min(prices):
        raise BadData(f"a bar that contradicts itself: {prices}")
    return Candle(ts, *prices, volume=float(plain(row["volume"])))


def _within(number: int, per_second: int) -> int:
    if not _SECONDS[0] * per_second <= number < _SECONDS[1] * per_second:
        raise BadData(f"a time that cannot be: {number}")
    return number


def _moment(since: timedelta) -> datetime:
    _within(int(since.total_seconds()), 1)
    return EPOCH + since
