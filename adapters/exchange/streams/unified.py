"""What ccxt.pro has read itself, for venues without a reader here: its floats stand for their shortest text."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from adapters.exchange.streams.fields import candle, identity, positive, side
from adapters.exchange.streams.message import Event
from trading.candle import CandleUpdate
from trading.order_book import BookUpdate
from trading.timeframe import moment_of
from trading.trade import Trade

_FIELDS = ("open", "high", "low", "close", "volume")


def unified(kind: str, symbol: str, timeframe: str, answer: Any) -> list[Event]:
    """Return the events of an answer of ccxt.pro's watch_trades, watch_ohlcv or watch_order_book; BadData otherwise."""
    return _READERS[kind](symbol, timeframe, answer)


def _trades(symbol: str, _timeframe: str, rows: Sequence[Mapping[str, Any]]) -> list[Event]:
    return [
        Trade(
            symbol,
            identity(row["id"] or f"{row['timestamp']}-{row['price']}-{row['amount']}"),
            moment_of(row["timestamp"]),
            positive(_text(row["price"])),
            positive(_text(row["amount"])),
            side(row["side"]) if row.get("side") else None,
        )
        for row in rows
    ]


def _candles(symbol: str, timeframe: str, rows: Sequence[Sequence[Any]]) -> list[Event]:
    bars = (candle(moment_of(row[0]), dict(zip(_FIELDS, map(_text, row[1:6]), strict=True))) for row in rows)
    return [CandleUpdate(symbol, timeframe, bar, closed=None) for bar in bars]


def _book(symbol: str, _timeframe: str, book: Mapping[str, Any]) -> list[Event]:
    """Return the whole book: ccxt.pro has followed its changes, and fails when it has missed one."""
    bids, asks = ([(_text(row[0]), _text(row[1])) for row in book[name]] for name in ("bids", "asks"))
    ts = moment_of(book["timestamp"]) if book.get("timestamp") else None
    return [BookUpdate(symbol, bids, asks, snapshot=True, last=book.get("nonce"), ts=ts)]


def _text(number: Any) -> str:
    return str(number)


_READERS: Mapping[str, Callable[[str, str, Any], list[Event]]] = {
    "trades": _trades,
    "candles": _candles,
    "books": _book,
}
