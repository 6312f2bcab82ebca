"""SQLite files: OctoBot's history, whose candles are JSON in a text column, and plain tables of candles or trades."""

import json
import sqlite3
from contextlib import closing
from typing import Any

import polars as pl

from adapters.history import columns
from adapters.history.columns import Table
from adapters.history.container import Member
from adapters.history.names import label_of_file
from adapters.history.roles import kind_of
from adapters.history.series import Form, Series
from trading.errors import Misconfigured

#: OctoBot's `timestamp` is when a candle was closed; the first number inside is when it opened.
_CANDLE = ("ts", "open", "high", "low", "close", "volume")
_MOST_ROWS = 5_000_000


def _read(member: Member, quotes: tuple[str, ...]) -> list[Series]:
    try:
        with closing(sqlite3.connect(":memory:")) as connection:
            connection.deserialize(member.content)
            tables = [name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")]
            frames = {name: _rows(connection, name, member) for name in tables}
    except (sqlite3.Error, OverflowError) as error:
        raise Misconfigured(f"{member.source}: broken SQLite file: {error}") from None
    found: list[Series] = []
    label = label_of_file(member.path, member.name, quotes)
    for name, rows in frames.items():
        if rows.is_empty():
            continue
        if "candle" in rows.columns:
            table = Table(member.source, "octobot sqlite", _opened(member, rows), label, quotes, _NOTES)
        else:
            table = Table(member.source, "sqlite", rows, label, quotes, (f"table {name}",))
        found += columns.read(table)
    if not found:
        raise Misconfigured(f"{member.source}: no table of candles or trades; it has {', '.join(tables) or 'none'}")
    return found


_NOTES = ("the open time inside the candle is believed, not the column timestamp, which is when it closed",)


def _rows(connection: sqlite3.Connection, name: str, member: Member) -> pl.DataFrame:
    quoted = '"' + name.replace('"', '""') + '"'
    names = [row[1] for row in connection.execute(f"pragma table_info({quoted})")]
    if kind_of(names) is None and "candle" not in names:
        return pl.DataFrame()
    rows = connection.execute(f"select * from {quoted} limit {_MOST_ROWS + 1}").fetchall()  # noqa: S608
    if len(rows) > _MOST_ROWS:
        raise Misconfigured(f"{member.source}: table {name} has more than {_MOST_ROWS:,} rows; split it")
    columns_ = {name: [_plain(row[at]) for row in rows] for at, name in enumerate(names)}
    return pl.DataFrame({name: _series(values) for name, values in columns_.items()})


def _plain(value: Any) -> Any:
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def _series(values: list[Any]) -> pl.Series:
    """Return numbers as numbers where all are, else texts."""
    if all(value is None or isinstance(value, int | float) for value in values):
        return pl.Series(values, dtype=None, strict=False)
    return pl.Series([None if value is None else str(value) for value in values], dtype=pl.String)


def _opened(member: Member, frame: pl.DataFrame) -> pl.DataFrame:
    """Return the candles of the JSON column as columns, null where one is broken."""
    parsed = [_candle(text) for text in frame["candle"]]
    if not any(parsed):
        raise Misconfigured(f"{member.source}: column candle: not [time, open, high, low, close, volume] as JSON")
    empty = (None,) * len(_CANDLE)
    numbers = pl.DataFrame(
        [row or empty for row in parsed], schema=dict.fromkeys(_CANDLE, pl.Float64), orient="row", strict=False
    )
    labels = frame.select(name for name in ("exchange_name", "symbol", "time_frame") if name in frame.columns)
    return pl.concat([numbers, labels.rename({"time_frame": "timeframe"}, strict=False)], how="horizontal")


def _candle(text: Any) -> tuple[float, ...] | None:
    try:
        values = json.loads(text)
        row = tuple(float(value) for value in values)
    except (TypeError, ValueError, RecursionError, OverflowError):
        return None
    return row if len(row) == len(_CANDLE) else None


SQLITE = Form("sqlite", lambda member: member.content.startswith(b"SQLite format 3\x00"), _read)
