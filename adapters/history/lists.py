"""Records that are lists of numbers: whose they are is told by their length, their order and the envelope."""

import itertools
from collections.abc import Mapping
from typing import Any

import polars as pl

from adapters.history.headerless import price_order

_OHLC = ("open", "high", "low", "close")
_BINANCE = ("close_time", "quote_volume", "trades", "taker_buy_base", "taker_buy_quote", "ignore")
_KRAKEN_TRADE = ("price", "volume", "time", "side", "kind", "misc", "id")
_FREQTRADE_TRADE = ("timestamp", "id", "type", "side", "price", "amount", "cost")


def named(records: list[list[Any]], context: Mapping[str, Any]) -> pl.DataFrame | None:
    """Return the records as a frame of texts under names, None when they are of no form we know.

    `context` is what the envelope tells: the contract, and what an answer calls its last committed bar.
    """
    width = len(records[0])
    if not 5 <= width <= 12:
        return None
    rows = [[_text(value) for value in itertools.islice(record, width)] for record in records]
    padded = [row + [None] * (width - len(row)) for row in rows]
    frame = pl.DataFrame(padded, schema=[f"c{n}" for n in range(width)], orient="row", strict=False)
    frame = frame.cast(pl.String)
    names = _names(frame, width, context)
    if names is None:
        return None
    return _with_open_bar(frame.rename(dict(zip(frame.columns, names, strict=True))), context)


def _names(frame: pl.DataFrame, width: int, context: Mapping[str, Any]) -> tuple[str, ...] | None:
    first = _number(frame["c0"][0])
    if width >= 6 and not _is_epoch(first) and _is_epoch(_number(frame["c2"][0])) and frame["c3"][0] in ("b", "s"):
        return _KRAKEN_TRADE[:width]
    if not _is_epoch(first):
        return None
    if width == 7 and frame["c3"][0] in ("buy", "sell"):
        return _FREQTRADE_TRADE
    volumes = ("contracts", "volume") if _in_contracts(frame, context) else ("volume", "volume_currency")
    prices = price_order(frame, 1)
    return {
        12: ("ts", *_OHLC, "volume", *_BINANCE),
        9: ("ts", *_OHLC, *volumes, "quote_volume", "confirm"),
        8: _eight(frame),
        7: ("ts", *prices, "volume", "turnover"),
        6: ("ts", *prices, "volume"),
        5: ("ts", *prices),
    }.get(width)


def _eight(frame: pl.DataFrame) -> tuple[str, ...]:
    """Return the names of eight columns: Gate ends with a flag, MEXC has a second time, Kraken an average price."""
    if frame.width != 8:
        return ()
    if frame["c7"][0] in ("true", "false"):
        return ("ts", "quote_volume", "close", "high", "low", "open", "volume", "confirm")
    if _is_epoch(_number(frame["c6"][0])):
        return ("ts", *_OHLC, "volume", "close_time", "quote_volume")
    high, low, fifth = (frame[name].cast(pl.Float64, strict=False) for name in ("c2", "c3", "c5"))
    average = ((fifth >= low) & (fifth <= high)) | (fifth == 0)
    is_kraken = 2 * int(average.sum()) > frame.height
    return ("ts", *_OHLC, "vwap", "volume", "trades") if is_kraken else ("ts", *_OHLC, "volume", "quote_volume", "usdt")


def _in_contracts(frame: pl.DataFrame, context: Mapping[str, Any]) -> bool:
    """Return whether OKX counts contracts here, as for swaps and futures: then the next column is the base volume."""
    if frame.width != 9:
        return False
    close, base, quote = (frame[name].cast(pl.Float64, strict=False) for name in ("c4", "c6", "c7"))
    near = (base * close / quote).is_between(0.9, 1.1).mean()
    if isinstance(near, float) and near > 0:
        return near > 0.5
    return str(context.get("arg.instId") or context.get("instId") or "").count("-") > 1


def _with_open_bar(frame: pl.DataFrame, context: Mapping[str, Any]) -> pl.DataFrame:
    """Return Kraken's candles with those after its `last` marked as unfinished: it says which one it has committed."""
    last = context.get("last")
    if "ts" not in frame.columns or not isinstance(last, int):
        return frame
    return frame.with_columns(confirm=(pl.col("ts").cast(pl.Float64, strict=False) <= last).cast(pl.String))


def _is_epoch(number: float | None) -> bool:
    return number is not None and 6e8 < number < 4.2e18


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, dict | list):
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)
