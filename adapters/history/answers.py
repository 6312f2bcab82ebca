"""Answers of exchanges as JSON: lists of candles, trades or funding rates, wherever in the envelope they lie."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import polars as pl

from adapters.history import columns
from adapters.history.columns import Table, length_of
from adapters.history.container import Member
from adapters.history.events import spelled
from adapters.history.lists import named
from adapters.history.names import Label, label_of, label_of_file
from adapters.history.roles import kind_of
from adapters.history.series import Form, Series
from trading.errors import Misconfigured

_DEEPEST = 12
#: Words of an envelope that say what it is about; the first that is there.
_ABOUT = ("symbol", "s", "instId", "product_id", "pair", "instrument_name")
_TOPICS = ("topic", "channel", "stream", "i", "interval")
_SERVED = ("time", "ts", "serverTime", "timestamp")

Context = dict[str, Any]


def _read(member: Member, quotes: tuple[str, ...]) -> list[Series]:
    value = _parsed(member)
    label = label_of_file(member.path, member.name, quotes)
    found: list[Series] = []
    for records, context in _lists(value, {}, 0):
        frame = _frame(records, context)
        if frame is None or frame.is_empty():
            continue
        form = _form(value, context, records)
        told = _label(label, context, form, quotes)
        for series in columns.read(Table(member.source, form, frame, told, quotes)):
            found.append(replace(series, served=_served(context, series)))
    if not found:
        keys = ", ".join(map(str, list(value)[:8])) if isinstance(value, dict) else f"a list of {len(value)}"
        raise Misconfigured(f"{member.source}: JSON without candles, trades or funding rates of a form we know: {keys}")
    return found


def _parsed(member: Member) -> Any:
    try:
        value = json.loads(member.text)
    except (ValueError, RecursionError) as error:
        if (records := _one_a_line(member.text)) is not None:
            return records
        said = str(error).splitlines()[0] if not isinstance(error, RecursionError) else "nested too deep"
        raise Misconfigured(f"{member.source}: broken JSON: {said}") from None
    if not isinstance(value, dict | list):
        raise Misconfigured(f"{member.source}: JSON without records")
    return value


def _one_a_line(text: str) -> list[Any] | None:
    """Return the records of a text with one JSON value per line, None when it is none."""
    lines = [line for line in text.splitlines() if line.strip()]
    try:
        return [json.loads(line) for line in lines] if len(lines) > 1 else None
    except (ValueError, RecursionError):
        return None


def _lists(value: Any, context: Context, depth: int) -> Iterator[tuple[list[Any], Context]]:
    """Yield each list of records (dicts or lists of one bar or trade each) with what the envelope around it tells."""
    if depth > _DEEPEST or (isinstance(value, dict) and _is_book(value)):
        return
    if isinstance(value, list):
        if value and all(isinstance(one, dict) for one in value):
            records = [spelled(_unwrapped(one)) for one in value if not _is_book(one)]
            if records and kind_of([str(key) for key in records[0]]) is not None:
                yield records, context
                return
        elif value and all(isinstance(one, list) and one and not isinstance(one[0], list | dict) for one in value):
            yield value, context
            return
        for one in value[:1000]:
            yield from _lists(one, context, depth + 1)
    elif isinstance(value, dict):
        value = spelled(value)
        inner = context | {key: item for key, item in value.items() if not isinstance(item, dict | list)}
        inner |= {f"arg.{key}": item for key, item in _arg(value).items()}
        if kind_of([str(key) for key in value]) is not None and not any(isinstance(v, list) for v in value.values()):
            yield [value], context
            return
        for key, item in value.items():
            yield from _lists(item, inner | {"key": key, "last": value.get("last", context.get("last"))}, depth + 1)


def _is_book(value: dict[str, Any]) -> bool:
    """Return whether a message is one of an order book or a ticker: prices, but no trades."""
    said = str(value.get("feed") or value.get("channel") or value.get("topic") or "")
    return said.startswith(("book", "ticker", "level2", "l2_", "orderbook"))


def _arg(value: dict[str, Any]) -> dict[str, Any]:
    argument = value.get("arg")
    return argument if isinstance(argument, dict) else {}


def _unwrapped(record: dict[str, Any]) -> dict[str, Any]:
    """Return an event's own record where it is wrapped in envelopes of one name each."""
    seen, depth = record, 0
    while depth < _DEEPEST:
        inner = [item for item in seen.values() if isinstance(item, dict)]
        flat = {key: item for key, item in seen.items() if not isinstance(item, dict | list)}
        if len(inner) != 1 or kind_of([str(key) for key in seen]) is not None:
            return flat if flat else seen
        seen, depth = flat | inner[0], depth + 1
    return record


def _frame(records: list[Any], context: Context) -> pl.DataFrame | None:
    """Return records as a frame of texts; None when they are of no kind."""
    if isinstance(records[0], list):
        return named(records, context)
    keys = list(dict.fromkeys(str(key) for record in records for key in record))
    if kind_of(keys) is None:
        return None
    rows = {key: [_text(record.get(key)) for record in records] for key in keys}
    return pl.DataFrame({key: pl.Series(values, dtype=pl.String) for key, values in rows.items()})


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, dict | list):
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)


def _label(label: Label, context: Context, form: str, quotes: tuple[str, ...]) -> Label:
    """Return what the envelope tells of the market, else what the name of the file does."""
    said = next((context[key] for key in (*_ABOUT, "arg.instId") if isinstance(context.get(key), str)), None)
    topic = context.get("arg.channel") or next(
        (context[key] for key in _TOPICS if isinstance(context.get(key), str)), None
    )
    length = None
    if isinstance(topic, str):
        words = topic.split(".")
        length = length_of(words[1] if len(words) > 2 else topic)
        said = said or (words[-1] if len(words) > 1 else None)
    if said is None and form.startswith("kraken"):
        said = context.get("key")
    own = label_of(said, quotes) if said else label
    venue = label.venue or (form.removesuffix(" answer") if form.endswith(" answer") else None)
    return replace(label, venue=venue, symbol=own.symbol, variety=own.variety, timeframe=length or label.timeframe)


def _form(value: Any, context: Context, records: list[Any]) -> str:
    """Return whose answer it is, where its envelope or its records show."""
    if isinstance(value, dict):
        if "retCode" in value or str(context.get("topic", "")).startswith(("kline.", "trade.", "publicTrade.")):
            return "bybit answer"
        if {"code", "data"} <= set(value) or "arg" in value:
            return "okx answer"
        if {"error", "result"} <= set(value):
            return "kraken answer"
    if isinstance(records[0], list) and len(records[0]) == 12:
        return "binance answer"
    return "json"


def _served(context: Context, series: Series) -> datetime | None:
    """Return when the answer was given, as far as it says so."""
    if series.kind != "candles":
        return None
    for key in _SERVED:
        if isinstance(context.get(key), int) and 1e12 < context[key] < 4e12:
            return datetime.fromtimestamp(context[key] / 1000, UTC)
    return None


def _fits(member: Member) -> bool:
    return member.content[:200].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[")


JSON = Form("json", _fits, _read)
