"""OKX's shapes, version 5: https://www.okx.com/docs-v5."""

from collections.abc import Mapping
from typing import Any

from adapters.exchange.streams.fields import candle, identity, milliseconds, name, optional, positive, side, whole
from adapters.exchange.streams.message import Control, Event, NotKnown, Where
from trading.candle import CandleUpdate
from trading.errors import BadData
from trading.order_book import BookUpdate, Checksum, ChecksumKind, Numbering
from trading.ticker import Ticker
from trading.timeframe import Timeframe
from trading.trade import Trade

_FIELDS = ("open", "high", "low", "close", "volume")
_BOOKS = frozenset({"books", "books-l2-tbt", "books50-l2-tbt"})
_WHOLE_BOOKS = frozenset({"books5", "bbo-tbt"})
_TRADES = frozenset({"trades", "trades-all"})
_BEFORE_FIRST = -1  # prevSeqId of a snapshot
_NO_CHECKSUM = 0  # what numbered changes carry since OKX has stopped to compute one (June 2026)


def read(message: Any, where: Where) -> list[Event]:
    """Return the events of one message of a stream or one answer of the REST API."""
    if isinstance(message, list):
        return [Control("listing")]
    if "event" in message:
        return [Control(name(message["event"]))]
    if "arg" in message:
        return _channel(name(message["arg"]["channel"]), message)
    if "code" in message and "data" in message:
        return [event for row in message["data"] for event in _row(row, where)]
    if {"op", "id", "instId", "result"} & message.keys():
        return [Control("answer")]
    raise NotKnown(f"OKX sends no message of {sorted(message)[:8]}")


def _channel(channel: str, message: Mapping[str, Any]) -> list[Event]:
    rows = message["data"]
    if channel in _BOOKS:
        if message["action"] not in ("snapshot", "update"):
            raise BadData(f"a book that is neither whole nor a change: {str(message['action'])[:40]!r}")
        return [_book(row, name(message["arg"]["instId"]), whole_book=message["action"] == "snapshot") for row in rows]
    if channel in _WHOLE_BOOKS:
        return [_top(row, name(message["arg"]["instId"])) for row in rows]
    if channel in _TRADES:
        return [_trade(row) for row in rows]
    if channel == "tickers":
        return [_ticker(row) for row in rows]
    if channel.startswith("candle"):
        timeframe = _timeframe(channel.removeprefix("candle"))
        return [_candle(row, name(message["arg"]["instId"]), timeframe) for row in rows]
    return [Control(channel)]


def _book(row: Mapping[str, Any], market: str, *, whole_book: bool) -> BookUpdate:
    number = whole(row["seqId"]) if "seqId" in row else None
    checksum = whole(row["checksum"]) if number is None or "checksum" in row else _NO_CHECKSUM
    computed = number is None or checksum != _NO_CHECKSUM
    return BookUpdate(
        market=market,
        bids=row["bids"],
        asks=row["asks"],
        snapshot=whole_book,
        numbering=Numbering.NONE if number is None else Numbering.CHAIN,
        last=number,
        previous=None if number is None else whole(row.get("prevSeqId", str(_BEFORE_FIRST))),
        checksum=Checksum(ChecksumKind.OKX, checksum) if computed else None,
        ts=milliseconds(row["ts"]),
    )


def _top(row: Mapping[str, Any], market: str) -> Ticker:
    """Return the best prices of a channel that only ever sends the top of the book, whole."""
    bid, ask = (optional(rows[0][0]) if rows else None for rows in (row["bids"], row["asks"]))
    sequence = whole(row["seqId"]) if "seqId" in row else None
    return Ticker(market, milliseconds(row["ts"]), bid, ask, None, sequence)


def _trade(row: Mapping[str, Any]) -> Trade:
    ts, price, quantity = milliseconds(row["ts"]), positive(row["px"]), positive(row["sz"])
    return Trade(name(row["instId"]), identity(row["tradeId"]), ts, price, quantity, side(row["side"]))


def _ticker(row: Mapping[str, Any]) -> Ticker:
    bid, ask, last = (optional(row.get(field)) for field in ("bidPx", "askPx", "last"))
    return Ticker(name(row["instId"]), milliseconds(row["ts"]), bid, ask, last)


def _candle(row: list[Any], market: str, timeframe: str) -> CandleUpdate:
    bar = candle(milliseconds(row[0]), dict(zip(_FIELDS, row[1:6], strict=True)))
    return CandleUpdate(market, timeframe, bar, closed={"0": False, "1": True}.get(row[-1]))


def _timeframe(channel: str) -> str:
    text = channel.removesuffix("utc")
    return str(Timeframe.parse(text if text.endswith("m") else text.lower()))


def _row(row: Any, where: Where) -> list[Event]:
    """Return what one row of an answer of the REST API says; accounts, orders and instruments are not ours to read."""
    if isinstance(row, list):
        return [_candle(row, where.market, where.timeframe)]
    if {"asks", "bids", "ts"} <= row.keys():
        last = whole(row["seqId"]) if "seqId" in row else None
        return [
            BookUpdate(
                where.market, row["bids"], row["asks"], snapshot=True, asked=True, last=last, ts=milliseconds(row["ts"])
            )
        ]
    if {"tradeId", "px", "sz", "side", "ts"} <= row.keys() and "ordId" not in row:
        return [_trade(row)]
    if {"bidPx", "askPx", "last"} <= row.keys():
        return [_ticker(row)]
    return [Control("answer")]
