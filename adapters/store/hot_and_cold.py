"""History wherever it lies: rows of the database and of the archive as one frame, or as views of one DuckDB."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

import polars as pl

from adapters.store import archive, layout, stored_rows
from adapters.store.cold import File
from adapters.store.database import Database
from adapters.store.layout import Layout
from trading.errors import Misconfigured

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

Where = Mapping[str, str | Sequence[str]]


def read(
    database: Database,
    table: str,
    where: Where,
    start: datetime | None = None,
    end: datetime | None = None,
    known: datetime | None = None,
    stored_by: datetime | None = None,
) -> pl.DataFrame:
    """Return the rows of `table` with start <= ts < end as known and stored by those times, sorted by key.

    The answer is the same before and after rows were moved to the archive. Exact numbers are texts, as they are kept.

    Raises:
        BadData: there is no such table, or a file of the archive is gone or changed.
        Misconfigured: `where` names what is no part of its key, or it has no times.
    """
    kept, hot, files = _both(database, table, where, start, end)
    parts = [hot, *(_cold(folder, file, where, start, end).select(hot.columns) for folder, file in files)]
    return stored_rows.visible(pl.concat(parts), kept, known, stored_by)


def _both(
    database: Database, table: str, where: Where, start: datetime | None, end: datetime | None
) -> tuple[Layout, pl.DataFrame, list[tuple["Path", File]]]:
    """Return the rows of the database and the files that belong to them: read again when rows moved between the two."""
    with database.transaction() as connection:
        kept = layout.read(connection, table)
    asked = {*where, *({"ts"} if start or end else ())}
    if strange := sorted(asked - set(kept.key)):
        raise Misconfigured(f"{table} is not told apart by {', '.join(strange)}; its key is {', '.join(kept.key)}")
    while True:
        before = _files(database, table, where, start, end)
        hot = stored_rows.frame(database.arrow(stored_rows.query(kept, where, start, end)))
        if _files(database, table, where, start, end) == before:
            return kept, hot, before


def _files(
    database: Database, table: str, where: Where, start: datetime | None, end: datetime | None
) -> list[tuple["Path", File]]:
    wanted = {name: [value] if isinstance(value, str) else list(value) for name, value in where.items()}
    with database.transaction() as connection:
        return [
            (folder, file)
            for folder, part, file in archive.listed(connection, table, start, end)
            if part.venue in wanted.get("venue", [part.venue]) and part.symbol in wanted.get("symbol", [part.symbol])
        ]


def _cold(folder: "Path", file: File, where: Where, start: datetime | None, end: datetime | None) -> pl.DataFrame:
    from adapters.store import cold

    rows = cold.read(folder, file)
    for name, value in where.items():
        rows = rows.filter(pl.col(name).is_in([value] if isinstance(value, str) else list(value)))
    if start is not None:
        rows = rows.filter(pl.col("ts") >= start)
    if end is not None:
        rows = rows.filter(pl.col("ts") < end)
    return rows


@contextmanager
def opened(
    database: Database,
    tables: Sequence[str],
    where: Where | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
) -> Iterator["duckdb.DuckDBPyConnection"]:
    """Yield a DuckDB with a view of each of `tables` under its own name: all versions, of the database and the archive.

    `<table>_current` has the newest version of each key. Exact numbers are decimal(38, 18). Only rows within `where`,
    `start` and `end` are there; those of the database are read once, now, those of the archive when they are asked for.
    """
    import duckdb

    connection = duckdb.connect()
    try:
        connection.execute("set timezone = 'UTC'")
        for table in tables:
            _add_view(connection, database, table, where or {}, start, end)
        yield connection
    finally:
        connection.close()


def _add_view(
    connection: "duckdb.DuckDBPyConnection",
    database: Database,
    table: str,
    where: Where,
    start: datetime | None,
    end: datetime | None,
) -> None:
    kept, hot, files = _both(database, table, where, start, end)
    schema, _, name = table.partition(".")
    connection.execute(f"create schema if not exists {schema}")
    connection.register(f"{schema}_{name}_hot", hot.to_arrow())
    columns = ", ".join(_column(kept, each) for each in kept.written)
    sources = [f"select {columns} from {schema}_{name}_hot"]  # noqa: S608 (a table that the database has)
    if files:
        paths = ", ".join(_text(str(folder / file.path)) for folder, file in files)
        chosen = " and ".join(_conditions(where, start, end))
        sources.append(f"select {columns} from read_parquet([{paths}]) where {chosen}")  # noqa: S608
    connection.execute(f"create view {schema}.{name} as {' union all by name '.join(sources)}")
    if kept.versioned:
        key = ", ".join(f'"{each}"' for each in kept.key)
        newest = f"row_number() over (partition by {key} order by knowledge_ts desc) = 1"
        connection.execute(
            f"create view {schema}.{name}_current as select * from {schema}.{name} qualify {newest}"  # noqa: S608
        )


def _conditions(where: Where, start: datetime | None, end: datetime | None) -> Iterator[str]:
    yield "true"
    for name, value in where.items():
        yield f'"{name}" in ({", ".join(map(_text, [value] if isinstance(value, str) else value))})'
    for border, edge in ((">=", start), ("<", end)):
        if edge is not None:
            yield f"ts {border} {_text(edge.isoformat())}::timestamptz"


def _column(kept: Layout, name: str) -> str:
    return f'"{name}"::decimal(38, 18) as "{name}"' if kept.kinds[name] == "numeric" else f'"{name}"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
