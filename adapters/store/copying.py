"""Frames into a table by COPY: binary where the columns allow it, for the server reads that twice as fast as text."""

import struct
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import polars as pl
from psycopg import sql as syntax

from adapters.store.database import Connection

_TIME_FORMAT = "%Y-%m-%d %H:%M:%S%.6f+00"
_SLICE = 50_000
#: Rows are packed together for each combination of their texts; with more of these it does not pay.
_MOST_TEXTS = 500
#: PostgreSQL counts microseconds from 2000-01-01.
_EPOCH = 946_684_800_000_000
_HEAD, _END = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0), struct.pack(">h", -1)
_PACKED = {"double precision": (pl.Float64, ">f8"), "bigint": (pl.Int64, ">i8"), "text": (pl.String, "")}
_PACKED |= {"timestamp with time zone": (pl.Datetime("us", "UTC"), ">i8")}


def copy(connection: Connection, table: syntax.Identifier, rows: pl.DataFrame, kinds: Mapping[str, str]) -> None:
    """Copy `rows` into the columns of `table` that are named as theirs; `kinds` are PostgreSQL's types of these.

    Raises:
        psycopg.DataError: a value does not fit its column.
        psycopg.IntegrityError: a row breaks a rule of the table.
    """
    names = syntax.SQL(", ").join(map(syntax.Identifier, rows.columns))
    packed = _can_be_packed(rows, kinds)
    way = syntax.SQL("binary" if packed else "csv")
    statement = syntax.SQL("copy {} ({}) from stdin (format {})").format(table, names, way)
    with connection.cursor() as cursor, cursor.copy(statement) as sink:
        for part in _packed(rows) if packed else _texts(rows):
            sink.write(part)


def _can_be_packed(rows: pl.DataFrame, kinds: Mapping[str, str]) -> bool:
    kept = {name: _PACKED.get(kinds[name], (None, ""))[0] for name in rows.columns}
    if any(kept[name] != kind for name, kind in rows.schema.items()) or sum(rows.null_count().row(0)):
        return False
    combinations = 1
    for name in _text_columns(rows):
        combinations *= rows[name].n_unique()
    return combinations <= _MOST_TEXTS


def _text_columns(rows: pl.DataFrame) -> list[str]:
    return [name for name, kind in rows.schema.items() if kind == pl.String]


def _texts(rows: pl.DataFrame) -> Iterator[str]:
    for part in rows.iter_slices(_SLICE):
        yield part.write_csv(include_header=False, datetime_format=_TIME_FORMAT)


def _packed(rows: pl.DataFrame) -> Iterator[bytes]:
    yield _HEAD
    names = [name for name in _text_columns(rows) if rows[name].n_unique() > 1]
    for part in rows.iter_slices(_SLICE):
        for group in part.partition_by(names, maintain_order=True) if names else [part]:
            yield _tuples(group)
    yield _END


def _tuples(rows: pl.DataFrame) -> bytes:
    """Return rows whose texts are all equal as COPY's binary form has them: a count, then size and value of each."""
    texts = {name: rows.item(0, name).encode() for name in _text_columns(rows)}
    names: Sequence[str] = rows.columns
    fields: list[tuple[str, str]] = [("count", ">i2")]
    for number, name in enumerate(names):
        kind = f"V{len(texts[name])}" if name in texts else (">f8" if rows.schema[name] == pl.Float64 else ">i8")
        fields += [(f"size{number}", ">i4"), (f"value{number}", kind)]
    packed = np.zeros(rows.height, dtype=fields)
    packed["count"] = len(names)
    for number, name in enumerate(names):
        packed[f"size{number}"] = packed.dtype[f"value{number}"].itemsize
        if texts.get(name) != b"":
            packed[f"value{number}"] = _values(rows[name], texts.get(name))
    return packed.tobytes()


def _values(column: pl.Series, same: bytes | None) -> object:
    if same is not None:
        return np.void(same)
    numbers = column.to_physical().to_numpy()
    return numbers - _EPOCH if isinstance(column.dtype, pl.Datetime) else numbers
