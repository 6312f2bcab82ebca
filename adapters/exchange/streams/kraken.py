"""Kraken's spot shapes, WebSocket versions 1 and 2 and REST: https://docs.kraken.com/api."""

from collections.abc import Callable, Mapping
from typing import Any

from adapters.exchange.streams.fields import (
    candle,
    identity,
    name,
    optional,
    plain,
    positive,
    seconds,
    side,
    whole,
    written,
)
from adapters.exchange.streams.message import Control, Event, NotKnown, Subscription, Where
from trading.candle import CandleUpdate
from trading.errors import BadData
from trading.order_book import BookUpdate, Checksum, ChecksumKind, Row
from trading.ticker import Ticker
from trading.timeframe import Timeframe
from trading.trade import Trade

_OTHER_CHANNELS = frozenset({"heartbeat", "status", "instrument", "level3", "executions", "balances"})
_OHLC = ("open", "high", "low", "close", "vwap", "volume")
_TRADE_FIELDS = 7  # what the REST API gives beyond a stream: the trade's id


def read(message: Any, where: Where) -> list[Event]:
    """Return the events of one message of a stream or one answer of the REST API."""
    if isinstance(message, list):
        return _first_version(message)
    if "channel" in message:
        return _channel(message["channel"], message)
    if "event" in message:
        return _announced(message)
    if "method" in message:
        result = message.get("result") or {}
        if message["method"] == "subscribe" and result.get("channel") == "book":
            return [Subscription(name(result["symbol"]), whole(result["depth"]) if "depth" in result else None)]
        return [Control(name(message["method"]))]
    if "error" in message and "result" in message:
        return _answer(message["result"], where)
    raise NotKnown(f"Kraken sends no message of {sorted(message)[:8]}")


def _channel(channel: Any, message: Mapping[str, Any]) -> list[Event]:
    if channel in _OTHER_CHANNELS:
        return [Control(channel)]
    reader = _CHANNELS.get(channel)
    if reader is None:
        raise NotKnown(f"Kraken sends no channel {str(channel)[:40]!r}")
    return [reader(row, message) for row in message["data"]]


def _book(row: Mapping[str, Any], message: Mapping[str, Any]) -> BookUpdate:
    if message["type"] not in ("snapshot", "update"):
        raise BadData(f"a book that is neither whole nor a change: {str(message['type'])[:40]!r}")
    return BookUpdate(
        market=name(row["symbol"]),
        bids=[(level["price"], level["qty"]) for level in row["bids"]],
        asks=[(level["price"], level["qty"]) for level in row["asks"]],
        snapshot=message["type"] == "snapshot",
        checksum=Checksum(ChecksumKind.KRAKEN, whole(row["checksum"])),
        ts=written(row["timestamp"]) if "timestamp" in row else None,
    )


def _trade(row: Mapping[str, Any], _message: Mapping[str, Any]) -> Trade:
    ts, price, quantity = written(row["timestamp"]), positive(row["price"]), positive(row["qty"])
    return Trade(name(row["symbol"]), identity(row["trade_id"]), ts, price, quantity, side(row["side"]))


def _candle(row: Mapping[str, Any], _message: Mapping[str, Any]) -> CandleUpdate:
    bar = candle(written(row["interval_begin"]), row)
    return CandleUpdate(name(row["symbol"]), str(Timeframe.parse(f"{whole(row['interval'])}m")), bar, closed=None)


def _ticker(row: Mapping[str, Any], _message: Mapping[str, Any]) -> Ticker:
    ts = written(row["timestamp"]) if "timestamp" in row else None
    return Ticker(name(row["symbol"]), ts, optional(row["bid"]), optional(row["ask"]), optional(row["last"]))


def _announced(message: Mapping[str, Any]) -> list[Event]:
    if message["event"] == "subscriptionStatus" and str(message.get("channelName", "")).startswith("book"):
        return [Subscription(name(message["pair"]), whole(message["subscription"]["depth"]))]
    return [Control(name(message["event"]))]


def _first_version(message: list[Any]) -> list[Event]:
    """Return what a message of version 1 says: [channel id, data, (more data,) channel name, pair]."""
    if len(message) < 3 or not isinstance(message[-1], str):
        raise NotKnown("Kraken sends no such list")
    market, (channel, _, argument) = name(message[-1]), name(message[-2]).partition("-")
    match channel:
        case "book":
            return [_old_book(market, message[1:-2], whole(argument))]
        case "trade":
            return [_old_trade(market, row) for row in message[1]]
        case "ticker":
            data = message[1]
            bid, ask, last = (optional(data[key][0]) for key in ("b", "a", "c"))
            return [Ticker(market, None, bid, ask, last)]
        case "ohlc":
            row = message[1]
            timeframe, bar = Timeframe.parse(f"{whole(argument)}m"), dict(zip(_OHLC, row[2:8], strict=True))
            start = seconds(row[1]) - timeframe.delta
            return [CandleUpdate(market, str(timeframe), candle(start, bar), closed=None)]
        case "spread":
            return [Control(channel)]
        case _:
            raise NotKnown(f"Kraken sends no channel {channel!r}")


def _old_book(market: str, parts: list[Mapping[str, Any]], depth: int) -> BookUpdate:
    bids: list[Row] = []
    asks: list[Row] = []
    checksum, snapshot = None, False
    for part in parts:
        if not part.keys() <= {"a", "b", "as", "bs", "c"}:
            raise BadData(f"not a part of a book: {sorted(part)[:8]}")
        snapshot = snapshot or "as" in part or "bs" in part
        bids += part.get("bs", part.get("b", ()))
        asks += part.get("as", part.get("a", ()))
        checksum = part.get("c", checksum)
    if not snapshot and checksum is None:
        raise BadData("a change of a book without its checksum")
    stated = None if checksum is None else Checksum(ChecksumKind.KRAKEN, whole(checksum))
    return BookUpdate(market, bids, asks, snapshot=snapshot, checksum=stated, depth=depth)


def _old_trade(market: str, row: list[Any]) -> Trade:
    """Return a trade; a stream gives no id, so what it says is its name."""
    number = identity(row[6]) if len(row) >= _TRADE_FIELDS else "-".join(map(plain, (row[2], row[0], row[1])))
    return Trade(market, number, seconds(row[2]), positive(row[0]), positive(row[1]), side(row[3]))


def _answer(result: Any, where: Where) -> list[Event]:
    if not isinstance(result, dict):
        return [Control("answer")]
    found: list[Event] = []
    for market, content in result.items():
        if isinstance(content, dict) and {"asks", "bids"} == content.keys():
            found.append(BookUpdate(name(market), content["bids"], content["asks"], snapshot=True, asked=True))
        elif isinstance(content, dict) and {"a", "b", "c", "v", "p"} <= content.keys():
            bid, ask, last = (optional(content[key][0]) for key in ("b", "a", "c"))
            found.append(Ticker(name(market), None, bid, ask, last))
        elif isinstance(content, list) and content and isinstance(content[0], list):
            found += [_listed(name(market), row, where) for row in content]
    return found or [Control("answer")]


def _listed(market: str, row: list[Any], where: Where) -> Event:
    if row[3] in ("b", "s"):
        return _old_trade(market, row)
    bar = candle(seconds(row[0]), dict(zip(_OHLC, row[1:7], strict=True)))
    return CandleUpdate(market, where.timeframe, bar, closed=None)


_CHANNELS: dict[str, Callable[[Mapping[str, Any], Mapping[str, Any]], Event]] = {
    "book": _book,
    "trade": _trade,
    "ohlc": _candle,
    "ticker": _ticker,
}
