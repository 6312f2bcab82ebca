"""Kraken's futures shapes: https://docs.kraken.com/api/docs/guides/futures-websockets."""

from collections.abc import Mapping
from typing import Any

from adapters.exchange.streams.fields import candle, identity, milliseconds, name, optional, positive, side, whole
from adapters.exchange.streams.message import Control, Event, NotKnown, Where
from trading.candle import CandleUpdate
from trading.errors import BadData
from trading.order import Side
from trading.order_book import BookUpdate, Numbering
from trading.ticker import Ticker
from trading.trade import Trade

_OTHER_FEEDS = frozenset(
    {
        "heartbeat", "challenge", "open_orders", "open_orders_snapshot", "open_orders_verbose", "fills",
        "fills_snapshot", "open_positions", "balances", "balances_snapshot", "account_log", "ticker_lite",
        "notifications_auth",
    }
)  # fmt: skip


def read(message: Any, where: Where) -> list[Event]:
    """Return the events of one message of a stream or one answer of the REST API."""
    if "feed" in message and "event" not in message:
        return _feed(message["feed"], message)
    if "orderBook" in message:
        book = message["orderBook"]
        return [BookUpdate(where.market, _rows(book["bids"]), _rows(book["asks"]), snapshot=True, asked=True)]
    if "candles" in message:
        return [
            CandleUpdate(where.market, where.timeframe, candle(milliseconds(row["time"]), row), closed=None)
            for row in message["candles"]
        ]
    if {"event", "result", "elements", "serverTime"} & message.keys():
        return [Control("answer")]
    raise NotKnown(f"Kraken Futures sends no message of {sorted(message)[:8]}")


def _feed(feed: Any, message: Mapping[str, Any]) -> list[Event]:
    match feed:
        case "book_snapshot":
            return [_snapshot(message)]
        case "book":
            return [_change(message)]
        case "trade":
            return [_trade(message)]
        case "trade_snapshot":
            return [_trade(row) for row in message["trades"]]
        case "ticker":
            bid, ask, last = (optional(message.get(field)) for field in ("bid", "ask", "last"))
            return [Ticker(name(message["product_id"]), milliseconds(message["time"]), bid, ask, last)]
        case _ if feed in _OTHER_FEEDS:
            return [Control(feed)]
        case _:
            raise NotKnown(f"Kraken Futures sends no feed {str(feed)[:40]!r}")


def _snapshot(message: Mapping[str, Any]) -> BookUpdate:
    return BookUpdate(
        market=name(message["product_id"]),
        bids=_rows(message["bids"]),
        asks=_rows(message["asks"]),
        snapshot=True,
        last=whole(message["seq"]),
        ts=milliseconds(message["timestamp"]),
    )


def _change(message: Mapping[str, Any]) -> BookUpdate:
    if message["side"] not in ("buy", "sell"):
        raise BadData(f"not a side: {str(message['side'])[:40]!r}")
    number, row = whole(message["seq"]), [(message["price"], message["qty"])]
    bought = side(message["side"]) is Side.BUY
    return BookUpdate(
        market=name(message["product_id"]),
        bids=row if bought else (),
        asks=() if bought else row,
        numbering=Numbering.RANGE,
        first=number,
        last=number,
        ts=milliseconds(message["timestamp"]),
    )


def _trade(row: Mapping[str, Any]) -> Trade:
    ts, price, quantity = milliseconds(row["time"]), positive(row["price"]), positive(row["qty"])
    return Trade(name(row["product_id"]), identity(row["uid"]), ts, price, quantity, side(row["side"]))


def _rows(rows: list[Any]) -> list[tuple[str, str]]:
    return [(row["price"], row["qty"]) if isinstance(row, dict) else (row[0], row[1]) for row in rows]
