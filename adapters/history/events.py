"""Events of streams whose fields are single letters, spelled out; in them `l` and `L` are two things."""

from collections.abc import Mapping
from typing import Any

_KLINE = {"t": "open_time", "o": "open", "h": "high", "l": "low", "c": "close", "v": "volume", "x": "confirm"}
_KLINE |= {"q": "quote_volume", "n": "trades", "V": "taker_buy_base", "Q": "taker_buy_quote", "s": "symbol"}
_KLINE |= {"i": "interval"}
_TRADE = {"T": "time", "p": "price", "q": "qty", "m": "is_buyer_maker", "s": "symbol"}
#: Bybit's public trades have no event name.
_BYBIT = {"T": "time", "s": "symbol", "S": "side", "v": "size", "p": "price", "i": "trade_id"}
_BINANCE = {"kline": _KLINE, "trade": _TRADE | {"t": "id"}, "aggTrade": _TRADE | {"a": "id"}}


def spelled(event: dict[str, Any]) -> dict[str, Any]:
    """Return the event of a stream with its fields spelled out; what is no candle and no trade is empty then.

    Anything that is no such event comes back as it is.
    """
    kind = event.get("e")
    if isinstance(kind, str) and isinstance(event.get("E"), int):
        inner = event.get("k") if kind == "kline" else event
        names = _BINANCE.get(kind)
        return _named(inner, names) if names is not None and isinstance(inner, dict) else {}
    if set(_BYBIT) <= set(event):
        return _named(event, _BYBIT)
    return event


def _named(event: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {name: event[letter] for letter, name in names.items() if letter in event}
