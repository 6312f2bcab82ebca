"""Whatever a venue sends goes through here: read, or put aside with its raw text and the reason; never an error."""

import json
from collections.abc import Callable
from typing import Any

from adapters.exchange.streams import binance, bybit, coinbase, kraken, kraken_futures, okx
from adapters.exchange.streams.message import Event, NotKnown, Reading, Where
from trading.errors import BadData, TradewindError

#: The venues whose messages are read here, by ccxt's id; the others are read by ccxt itself.
READERS: dict[str, Callable[[Any, Where], list[Event]]] = {
    "binance": binance.read,
    "binancecoinm": binance.read,
    "binanceusdm": binance.read,
    "binanceus": binance.read,
    "bybit": bybit.read,
    "coinbase": coinbase.read,
    "coinbaseexchange": coinbase.read,
    "kraken": kraken.read,
    "krakenfutures": kraken_futures.read,
    "okx": okx.read,
}

_NOWHERE = Where()
_MOST_TEXT = 16 * 1024 * 1024
_UNREADABLE = (TradewindError, LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError)


def _refuse(constant: str) -> str:
    raise BadData(f"{constant} is no number")


_DECODER = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=_refuse)


def read(venue: str, text: str, where: Where = _NOWHERE) -> Reading:
    """Return what `text`, one message of `venue` (a key of READERS), says; numbers keep the venue's own text."""
    try:
        message = _parsed(text)
    except _UNREADABLE as error:
        return Reading(reason=f"not JSON: {_line(error)}", raw=text, suspect=True, torn=True)
    try:
        events = READERS[venue](message, where)
    except NotKnown as error:
        return Reading(reason=_line(error), raw=text)
    except _UNREADABLE as error:
        return Reading(reason=f"{type(error).__name__}: {_line(error)}", raw=text, suspect=True)
    return Reading(tuple(events), sequence=_sequence(message))


def _parsed(text: str) -> Any:
    if len(text) > _MOST_TEXT:
        raise BadData(f"longer than {_MOST_TEXT} characters")
    return _DECODER.decode(text)


def _sequence(message: Any) -> int | None:
    number = message.get("sequence_num") if isinstance(message, dict) else None
    return int(number) if isinstance(number, str) and number.isascii() and number.isdigit() else None


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
