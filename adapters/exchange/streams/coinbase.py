"""Coinbase's shapes: Advanced Trade, and Coinbase Exchange (formerly Pro): https://docs.cdp.coinbase.com."""

from collections.abc import Callable, Mapping
from typing import Any

from adapters.exchange.streams.fields import candle, identity, name, optional, plain, positive, seconds, side, written
from adapters.exchange.streams.message import Control, Event, NotKnown, Where
from trading.candle import CandleUpdate
from trading.errors import BadData
from trading.order import Side
from trading.order_book import BookUpdate
from trading.ticker import Ticker
from trading.trade import Trade

_OTHER_TYPES = frozenset({"subscriptions", "heartbeat", "error", "status", "received", "open", "done", "change"})
_OTHER_CHANNELS = frozenset({"heartbeats", "subscriptions", "user", "status", "futures_balance_summary"})
_STREAMED_TIMEFRAME = "5m"  # the candles channel has no other


def read(message: Any, where: Where) -> list[Event]:
    """Return the events of one message of a stream or one answer of the REST API."""
    if isinstance(message, list):
        return [_listed(row, where) for row in message]
    if "channel" in message:
        return _channel(name(message["channel"]), message)
    if "type" in message:
        return _typed(message["type"], message)
    return _answer(message, where)


def _answer(message: Mapping[str, Any], where: Where) -> list[Event]:
    if {"bids", "asks", "sequence"} <= message.keys():
        return [BookUpdate(where.market, message["bids"], message["asks"], snapshot=True, asked=True)]
    if "pricebook" in message:
        return [_pricebook(message["pricebook"])]
    if "candles" in message:
        return [_candle(row, where.market, where.timeframe) for row in message["candles"]]
    if "trades" in message:
        return [_trade(row, row["time"]) for row in message["trades"]]
    if {
        "accounts",
        "fills",
        "order",
        "orders",
        "products",
        "product_id",
        "balance_summary",
        "position",
        "positions",
    } & (message.keys()):
        return [Control("answer")]
    raise NotKnown(f"Coinbase sends no message of {sorted(message)[:8]}")


def _channel(channel: str, message: Mapping[str, Any]) -> list[Event]:
    if channel in _OTHER_CHANNELS:
        return [Control(channel)]
    reader = _CHANNELS.get(channel)
    if reader is None:
        raise NotKnown(f"Coinbase sends no channel {channel!r}")
    return [event for part in message["events"] for event in reader(part, message)]


def _levels(part: Mapping[str, Any], message: Mapping[str, Any]) -> list[Event]:
    if part["type"] not in ("snapshot", "update"):
        raise BadData(f"a book that is neither whole nor a change: {str(part['type'])[:40]!r}")
    bids: list[tuple[str, str]] = []
    asks: list[tuple[str, str]] = []
    for row in part["updates"]:
        rows = bids if side(row["side"]) is Side.BUY else asks
        rows.append((row["price_level"], row["new_quantity"]))
    whole_book, ts = part["type"] == "snapshot", written(message["timestamp"])
    return [BookUpdate(name(part["product_id"]), bids, asks, snapshot=whole_book, ts=ts)]


def _trades(part: Mapping[str, Any], _message: Mapping[str, Any]) -> list[Event]:
    return [_trade(row, row["time"]) for row in part["trades"]]


def _candles(part: Mapping[str, Any], _message: Mapping[str, Any]) -> list[Event]:
    return [_candle(row, name(row["product_id"]), _STREAMED_TIMEFRAME) for row in part["candles"]]


def _tickers(part: Mapping[str, Any], message: Mapping[str, Any]) -> list[Event]:
    ts = written(message["timestamp"])
    return [
        Ticker(
            name(row["product_id"]),
            ts,
            optional(row.get("best_bid")),
            optional(row.get("best_ask")),
            optional(row["price"]),
        )
        for row in part["tickers"]
    ]


def _candle(row: Mapping[str, Any], market: str, timeframe: str) -> CandleUpdate:
    return CandleUpdate(market, timeframe, candle(seconds(row["start"]), row), closed=None)


def _trade(row: Mapping[str, Any], time: object) -> Trade:
    price, quantity = positive(row["price"]), positive(row["size"])
    return Trade(name(row["product_id"]), identity(row["trade_id"]), written(time), price, quantity, side(row["side"]))


def _pricebook(book: Mapping[str, Any]) -> BookUpdate:
    return BookUpdate(
        market=name(book["product_id"]),
        bids=[(row["price"], row["size"]) for row in book["bids"]],
        asks=[(row["price"], row["size"]) for row in book["asks"]],
        snapshot=True,
        asked=True,
        ts=written(book["time"]),
    )


def _listed(row: Any, where: Where) -> Event:
    """Return what a row of an answer of Coinbase Exchange says; its bars are (time, low, high, open, close, volume)."""
    if isinstance(row, list):
        bar = dict(zip(("low", "high", "open", "close", "volume"), row[1:6], strict=True))
        return CandleUpdate(where.market, where.timeframe, candle(seconds(row[0]), bar), closed=None)
    if "trade_id" in row:
        return _trade({**row, "product_id": where.market, "side": _taker(row["side"])}, row["time"])
    return Control("listing")


def _taker(maker: object) -> str:
    return {Side.BUY: "sell", Side.SELL: "buy"}[side(maker)]


def _typed(kind: object, message: Mapping[str, Any]) -> list[Event]:
    """Return what a message of Coinbase Exchange says: its books carry no numbers, its trades name the maker's side."""
    match kind:
        case "snapshot":
            return [BookUpdate(name(message["product_id"]), message["bids"], message["asks"], snapshot=True)]
        case "l2update":
            return [_change(message)]
        case "match" | "last_match":
            return [_trade({**message, "side": _taker(message["side"])}, message["time"])]
        case "ticker":
            ts = written(message["time"]) if "time" in message else None
            bid, ask, last = (optional(message.get(field)) for field in ("best_bid", "best_ask", "price"))
            return [Ticker(name(message["product_id"]), ts, bid, ask, last)]
        case _ if kind in _OTHER_TYPES:
            return [Control(str(kind))]
        case _:
            raise NotKnown(f"Coinbase sends no type {str(kind)[:40]!r}")


def _change(message: Mapping[str, Any]) -> BookUpdate:
    sides: dict[str, list[tuple[str, str]]] = {"buy": [], "sell": []}
    for word, price, quantity in message["changes"]:
        sides[word].append((plain(price), plain(quantity)))
    return BookUpdate(name(message["product_id"]), sides["buy"], sides["sell"], ts=written(message["time"]))


_CHANNELS: dict[str, Callable[[Mapping[str, Any], Mapping[str, Any]], list[Event]]] = {
    "l2_data": _levels,
    "market_trades": _trades,
    "candles": _candles,
    "ticker": _tickers,
    "ticker_batch": _tickers,
}
