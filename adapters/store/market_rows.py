"""What streams said as rows of the market tables: numbers keep the venue's digits, raw messages every byte."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import polars as pl

from trading.candle import TS, CandleUpdate
from trading.money import text
from trading.order_book import BookState, Level, OrderBook
from trading.trade import Trade

_LONGEST_RAW = 65_536
_EMPTY = "{}"

BOOKS = pl.Schema(
    {
        "venue": pl.String, "symbol": pl.String, "ts": TS, "knowledge_ts": TS, "sequence": pl.Int64,
        "state": pl.String, "bids": pl.String, "asks": pl.String,
    }
)  # fmt: skip
TRADES = pl.Schema(
    {
        "venue": pl.String, "symbol": pl.String, "ts": TS, "trade_id": pl.String, "knowledge_ts": TS,
        "price": pl.String, "quantity": pl.String, "side": pl.String,
    }
)  # fmt: skip
CANDLES = pl.Schema(
    {
        "venue": pl.String, "symbol": pl.String, "timeframe": pl.String, "ts": TS, "knowledge_ts": TS,
        "open": pl.Float64, "high": pl.Float64, "low": pl.Float64, "close": pl.Float64, "volume": pl.Float64,
    }
)  # fmt: skip
FUNDING = pl.Schema(
    {"venue": pl.String, "symbol": pl.String, "ts": TS, "knowledge_ts": TS, "rate": pl.String}
)  # fmt: skip
EVENTS = pl.Schema(
    {
        "venue": pl.String, "symbol": pl.String, "ts": TS, "event_id": pl.String, "kind": pl.String,
        "detail": pl.String, "raw": pl.String,
    }
)  # fmt: skip

#: The schema of the frame that Store.write takes for each table.
SCHEMAS: Mapping[str, pl.Schema] = {
    "market.order_books": BOOKS,
    "market.public_trades": TRADES,
    "market.live_candles": CANDLES,
    "market.funding_rates": FUNDING,
    "market.book_events": EVENTS,
}


@dataclass(frozen=True, slots=True)
class BookEvent:
    """Something that happened to a symbol's stream: `kind` as the table allows, `raw` the message that did it."""

    symbol: str
    ts: datetime
    kind: str
    detail: str
    raw: str = ""


def frame(table: str, rows: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    """Return `rows` as the frame that Store.write takes for `table`."""
    return pl.DataFrame(list(rows), schema=SCHEMAS[table], orient="row")


def book_row(venue: str, symbol: str, book: OrderBook | None, state: BookState, at: datetime) -> dict[str, Any]:
    """Return a row of market.order_books as seen at `at`; a book that is not LIVE has no levels."""
    levels = {"bids": _array(book.bids), "asks": _array(book.asks)} if book else {"bids": _EMPTY, "asks": _EMPTY}
    ts = (book.ts if book else None) or at
    sequence = book.sequence if book else None
    keys = {"venue": venue, "symbol": symbol, "ts": ts, "knowledge_ts": max(ts, at)}
    return {**keys, "sequence": sequence, "state": str(state), **levels}


def trade_row(venue: str, symbol: str, trade: Trade, at: datetime) -> dict[str, Any]:
    """Return a row of market.public_trades known at `at`."""
    return {
        "venue": venue,
        "symbol": symbol,
        "ts": trade.ts,
        "trade_id": trade.trade_id,
        "knowledge_ts": at,
        "price": text(trade.price),
        "quantity": text(trade.quantity),
        "side": trade.side.value if trade.side else "UNKNOWN",
    }


def candle_row(venue: str, symbol: str, update: CandleUpdate, close: datetime) -> dict[str, Any]:
    """Return a row of market.live_candles for a bar that has closed at `close`."""
    keys = {"venue": venue, "symbol": symbol, "timeframe": update.timeframe, "knowledge_ts": close}
    bar = update.candle
    values = {name: getattr(bar, name) for name in ("ts", "open", "high", "low", "close", "volume")}
    return {**keys, **values}


def funding_row(venue: str, symbol: str, ts: datetime, rate: Decimal, at: datetime) -> dict[str, Any]:
    """Return a row of market.funding_rates: what longs pay shorts at `ts`, as a fraction, known at `at`."""
    return {"venue": venue, "symbol": symbol, "ts": ts, "knowledge_ts": at, "rate": text(rate)}


def event_row(venue: str, event: BookEvent) -> dict[str, Any]:
    """Return a row of market.book_events; its id is made of what it says, so telling it twice adds nothing."""
    raw = event.raw.encode("utf-8", "surrogatepass")[:_LONGEST_RAW]
    detail = event.detail.encode("ascii", "backslashreplace").decode().replace("\x00", "\\x00")
    said = b"|".join((event.kind.encode(), detail.encode(), raw))
    return {
        "venue": venue,
        "symbol": event.symbol,
        "ts": event.ts,
        "event_id": hashlib.sha256(said).hexdigest()[:32],
        "kind": event.kind,
        "detail": detail,
        "raw": f"\\x{raw.hex()}",
    }


def _array(levels: Iterable[Level]) -> str:
    return "{" + ",".join(f"{{{text(level.price)},{text(level.quantity)}}}" for level in levels) + "}"
