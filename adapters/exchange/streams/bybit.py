"""Bybit's shapes, version 5 and the one before it: https://bybit-exchange.github.io/docs/v5/ws/connect."""

from collections.abc import Callable, Mapping
from typing import Any

from adapters.exchange.streams.fields import (
    candle,
    identity,
    milliseconds,
    name,
    optional,
    plain,
    positive,
    side,
    whole,
)
from adapters.exchange.streams.message import Control, Event, NotKnown, Where
from trading.candle import CandleUpdate
from trading.errors import BadData
from trading.order_book import BookUpdate, Numbering
from trading.ticker import Ticker
from trading.timeframe import Timeframe
from trading.trade import Trade

_FIELDS = ("open", "high", "low", "close", "volume")
_LETTERS = {"D": "1d", "W": "1w"}
_PRIVATE = frozenset({"execution", "order", "position", "wallet", "greeks", "dcp"})
_RESTART = 1  # the service began anew: what comes with this number is a whole book


def read(message: Any, where: Where) -> list[Event]:
    """Return the events of one message of a stream or one answer of the REST API."""
    if "topic" in message:
        return _topic(name(message["topic"]), message)
    if "retCode" in message and "result" in message:
        return _answer(message["result"], where)
    if {"success", "op", "ret_code", "retCode", "request"} & message.keys():
        return [Control("answer")]
    raise NotKnown(f"Bybit sends no message of {sorted(message)[:8]}")


def _topic(topic: str, message: Mapping[str, Any]) -> list[Event]:
    kind, *rest = topic.split(".")
    if kind in _PRIVATE:
        return [Control(kind)]
    reader = _TOPICS.get(kind)
    if reader is None:
        raise NotKnown(f"Bybit sends no topic {kind[:40]!r}")
    return reader(rest, message)


def _book(_rest: list[str], message: Mapping[str, Any]) -> list[Event]:
    if message["type"] not in ("snapshot", "delta"):
        raise BadData(f"a book that is neither whole nor a change: {str(message['type'])[:40]!r}")
    data, number = message["data"], whole(message["data"]["u"])
    return [
        BookUpdate(
            market=name(data["s"]),
            bids=data["b"],
            asks=data["a"],
            snapshot=message["type"] == "snapshot" or number == _RESTART,
            numbering=Numbering.RANGE,
            first=number,
            last=number,
            ts=milliseconds(message["ts"]),
        )
    ]


def _old_book(rest: list[str], message: Mapping[str, Any]) -> list[Event]:
    data, whole_book = message["data"], message["type"] == "snapshot"
    if whole_book:
        rows = data["order_book"] if isinstance(data, dict) else data
    elif message["type"] == "delta":
        rows = [*({**row, "size": "0"} for row in data["delete"]), *data["update"], *data["insert"]]
    else:
        raise BadData(f"a book that is neither whole nor a change: {str(message['type'])[:40]!r}")
    sides: dict[str, list[tuple[str, str]]] = {"Buy": [], "Sell": []}
    for row in rows:
        sides[row["side"]].append((plain(row["price"]), plain(row["size"])))
    return [
        BookUpdate(
            market=name(rest[-1]),
            bids=sides["Buy"],
            asks=sides["Sell"],
            snapshot=whole_book,
            numbering=Numbering.RISE,
            last=whole(message["cross_seq"]),
            ts=milliseconds(plain(message["timestamp_e6"])[:-3]),
        )
    ]


def _trades(_rest: list[str], message: Mapping[str, Any]) -> list[Event]:
    return [_new_trade(row) if "T" in row else _old_trade(row) for row in message["data"]]


def _new_trade(row: Mapping[str, Any]) -> Trade:
    ts, price, quantity = milliseconds(row["T"]), positive(row["p"]), positive(row["v"])
    return Trade(name(row["s"]), identity(row["i"]), ts, price, quantity, side(row["S"]))


def _old_trade(row: Mapping[str, Any]) -> Trade:
    ts, price, quantity = milliseconds(row["trade_time_ms"]), positive(row["price"]), positive(row["size"])
    return Trade(name(row["symbol"]), identity(row["trade_id"]), ts, price, quantity, side(row["side"]))


def _klines(rest: list[str], message: Mapping[str, Any]) -> list[Event]:
    return [
        CandleUpdate(
            name(rest[-1]), _timeframe(row["interval"]), candle(milliseconds(row["start"]), row), bool(row["confirm"])
        )
        for row in message["data"]
    ]


def _timeframe(interval: object) -> str:
    text = name(interval)
    return _LETTERS.get(text) or str(Timeframe.parse(f"{whole(text)}m"))


def _tickers(rest: list[str], message: Mapping[str, Any]) -> list[Event]:
    data = message["data"]
    bid, ask = (
        optional(data.get("bid1Price", data.get("bidPrice"))),
        optional(data.get("ask1Price", data.get("askPrice"))),
    )
    ts = milliseconds(message["ts"]) if "ts" in message else None
    return [Ticker(name(rest[-1]), ts, bid, ask, optional(data.get("lastPrice")))]


def _answer(result: Any, where: Where) -> list[Event]:
    if {"s", "b", "a", "u"} <= result.keys():
        return [
            BookUpdate(
                market=name(result["s"]),
                bids=result["b"],
                asks=result["a"],
                snapshot=True,
                asked=True,
                last=whole(result["u"]),
                ts=milliseconds(result["ts"]),
            )
        ]
    rows = result.get("list")
    if not isinstance(rows, list):
        return [Control("answer")]
    return [event for row in rows for event in _row(row, result, where)]


def _row(row: Any, result: Mapping[str, Any], where: Where) -> list[Event]:
    """Return what one row of a listing says; accounts, orders and instruments are not ours to read."""
    if isinstance(row, list):
        bar = candle(milliseconds(row[0]), dict(zip(_FIELDS, row[1:6], strict=True)))
        return [CandleUpdate(name(result["symbol"]), where.timeframe, bar, closed=None)]
    if "execId" in row and "isBlockTrade" in row and "orderId" not in row:
        ts, price, quantity = milliseconds(row["time"]), positive(row["price"]), positive(row["size"])
        return [Trade(name(row["symbol"]), identity(row["execId"]), ts, price, quantity, side(row["side"]))]
    return [Control("answer")]


_TOPICS: dict[str, Callable[[list[str], Mapping[str, Any]], list[Event]]] = {
    "orderbook": _book,
    "orderBookL2_25": _old_book,
    "orderBook_200": _old_book,
    "publicTrade": _trades,
    "trade": _trades,
    "kline": _klines,
    "tickers": _tickers,
}
