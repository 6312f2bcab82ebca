"""Binance's shapes (spot, futures, Binance.US): https://developers.binance.com/docs/binance-spot-api-docs."""

from collections.abc import Callable, Mapping
from typing import Any

from adapters.exchange.streams.fields import candle, identity, milliseconds, name, optional, positive, side, whole
from adapters.exchange.streams.message import Control, Event, NotKnown, Where
from trading.candle import CandleUpdate
from trading.order_book import BookUpdate, Numbering
from trading.ticker import Ticker
from trading.timeframe import Timeframe
from trading.trade import Trade

_KLINE = ("open", "high", "low", "close", "volume")
_PRIVATE = frozenset(
    {
        "executionReport", "outboundAccountPosition", "balanceUpdate", "listStatus", "ORDER_TRADE_UPDATE",
        "ACCOUNT_UPDATE", "TRADE_LITE", "ALGO_UPDATE", "MARGIN_CALL", "ACCOUNT_CONFIG_UPDATE", "listenKeyExpired",
    }
)  # fmt: skip
_OTHER = frozenset({"markPriceUpdate", "forceOrder", "24hrMiniTicker", "serverShutdown", "compositeIndex"})


def read(message: Any, where: Where) -> list[Event]:
    """Return the events of one message of a stream or one answer of the REST API."""
    if isinstance(message, list):
        return [event for row in message for event in _row(row, where)]
    if "stream" in message and "data" in message:
        market, _, _ = name(message["stream"]).partition("@")
        return read(message["data"], Where(market.upper(), where.timeframe))
    if "e" in message:
        return _event(name(message["e"]), message)
    return _unnamed(message, where)


def _unnamed(message: Mapping[str, Any], where: Where) -> list[Event]:
    if "lastUpdateId" in message:
        return [_snapshot(message, where)]
    if {"u", "b", "B", "a", "A"} <= message.keys():
        return [_best(message)]
    if "bidPrice" in message or "lastPrice" in message or {"symbol", "price"} == message.keys():
        return [_ticker(message)]
    if "result" in message or "serverTime" in message or "mins" in message or not message:
        return [Control("answer")]
    raise NotKnown(f"Binance sends no message of {sorted(message)[:8]}")


def _event(kind: str, message: Mapping[str, Any]) -> list[Event]:
    reader = _EVENTS.get(kind)
    if reader is not None:
        return [reader(message)]
    if kind in _PRIVATE or kind in _OTHER:
        return [Control(kind)]
    raise NotKnown(f"Binance sends no event {kind[:40]!r}")


def _change(message: Mapping[str, Any]) -> BookUpdate:
    previous = message.get("pu")
    return BookUpdate(
        market=name(message["s"]),
        bids=message["b"],
        asks=message["a"],
        numbering=Numbering.RANGE if previous is None else Numbering.CHAIN,
        first=whole(message["U"]),
        last=whole(message["u"]),
        previous=None if previous is None else whole(previous),
        ts=milliseconds(message["E"]),
    )


def _snapshot(message: Mapping[str, Any], where: Where) -> BookUpdate:
    return BookUpdate(
        market=where.market,
        bids=message["bids"],
        asks=message["asks"],
        snapshot=True,
        asked=True,
        last=whole(message["lastUpdateId"]),
        ts=milliseconds(message["E"]) if "E" in message else None,
    )


def _trade(message: Mapping[str, Any]) -> Trade:
    return Trade(
        market=name(message["s"]),
        trade_id=identity(message["t"] if message["e"] == "trade" else message["a"]),
        ts=milliseconds(message["T"]),
        price=positive(message["p"]),
        quantity=positive(message["q"]),
        side=_taker(message["m"]),
    )


def _taker(buyer_is_maker: object):
    return side({True: "sell", False: "buy"}.get(buyer_is_maker) if isinstance(buyer_is_maker, bool) else None)


def _kline(message: Mapping[str, Any]) -> CandleUpdate:
    bar = message["k"]
    row = dict(zip(_KLINE, (bar["o"], bar["h"], bar["l"], bar["c"], bar["v"]), strict=True))
    return CandleUpdate(
        market=name(message["s"]),
        timeframe=str(Timeframe.parse(name(bar["i"]))),
        candle=candle(milliseconds(bar["t"]), row),
        closed=bool(bar["x"]),
    )


def _best(message: Mapping[str, Any]) -> Ticker:
    return Ticker(
        market=name(message["s"]),
        ts=milliseconds(message["E"]) if "E" in message else None,
        bid=optional(message["b"]),
        ask=optional(message["a"]),
        last=None,
        sequence=whole(message["u"]),
    )


def _day(message: Mapping[str, Any]) -> Ticker:
    return Ticker(
        market=name(message["s"]),
        ts=milliseconds(message["E"]),
        bid=optional(message.get("b")),
        ask=optional(message.get("a")),
        last=optional(message["c"]),
    )


def _ticker(message: Mapping[str, Any]) -> Ticker:
    return Ticker(
        market=name(message["symbol"]),
        ts=milliseconds(message["closeTime"]) if "closeTime" in message else None,
        bid=optional(message.get("bidPrice")),
        ask=optional(message.get("askPrice")),
        last=optional(message.get("lastPrice", message.get("price"))),
    )


def _row(row: Any, where: Where) -> list[Event]:
    """Return what one row of an answer of the REST API says: a bar, a trade, or a ticker."""
    if isinstance(row, list):
        bar = candle(milliseconds(row[0]), dict(zip(_KLINE, row[1:6], strict=True)))
        return [CandleUpdate(where.market, where.timeframe, bar, closed=None)]
    if "isBuyerMaker" in row and "qty" in row:
        ts, price, quantity = milliseconds(row["time"]), positive(row["price"]), positive(row["qty"])
        return [Trade(where.market, identity(row["id"]), ts, price, quantity, _taker(row["isBuyerMaker"]))]
    if {"a", "p", "q", "T", "m"} <= row.keys() and "e" not in row:
        return [_trade({**row, "e": "aggTrade", "s": row.get("s", where.market)})]
    return read(row, where)


_EVENTS: dict[str, Callable[[Mapping[str, Any]], Event]] = {
    "depthUpdate": _change,
    "trade": _trade,
    "aggTrade": _trade,
    "kline": _kline,
    "bookTicker": _best,
    "24hrTicker": _day,
}
