"""Export of schema analytics: all its views as they were at one moment, in one DuckDB file or a folder of Parquet.

An exact number becomes DECIMAL(38, 18) where each value of its column fits without loss, and a text where one does not.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from adapters.files import aside, seal, sync_folder
from adapters.store import analysts, answers, dictionary
from adapters.store.dictionary import View
from adapters.store.view_rows import Rows, rows_of
from trading.errors import Misconfigured

Told = Callable[[str, int, int], None]
_MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Part:
    """What was written of a view: its rows, the type of each column, and of a file of its own size and SHA-256."""

    view: str
    rows: int
    types: dict[str, str]
    path: str | None = None
    bytes: int | None = None
    sha256: str | None = None


@dataclass(frozen=True)
class Exported:
    """What was written: at which moment it was true, of which book (None: all); SHA-256 of the file or the manifest."""

    path: str
    book: str | None
    taken_at: datetime
    rows: int
    bytes: int
    sha256: str
    views: list[Part]


def to_parquet(url: str, folder: Path, book: str | None, told: Told) -> Exported:
    """Write one Parquet file per view and manifest.json into the new folder `folder`.

    Raises:
        Misconfigured: the folder is there already, or there is no such book.
        Unavailable: the server does not answer.
    """
    from pyarrow import parquet

    if folder.exists():
        raise Misconfigured(f"--parquet {folder}: is there already; name a folder that is not")
    with aside("--parquet", folder) as part, _snapshot(url, book) as (taken_at, views, connection):
        part.mkdir()
        parts = []
        for rows in _told(connection, views, book, told):
            path = part / f"{rows.view.name}.parquet"
            with parquet.ParquetWriter(path, rows.schema, compression="zstd") as writer:
                for batch in rows.batches():
                    writer.write_batch(batch)
            size, digest = seal(path)
            parts.append(Part(rows.view.name, rows.count, rows.types, path.name, size, digest))
        manifest = {"schema": "analytics", "book": book, "taken_at": taken_at.isoformat()}
        text = json.dumps(manifest | {"views": [asdict(one) for one in parts]}, indent=2)
        (part / _MANIFEST).write_text(text + "\n")
        size, digest = seal(part / _MANIFEST)
        sync_folder(part)
        part.rename(folder)
    return _exported(folder, book, taken_at, parts, size + sum(one.bytes or 0 for one in parts), digest)


def to_duckdb(url: str, file: Path, book: str | None, told: Told) -> Exported:
    """Write a DuckDB database with a table per view, comments included, and a table `manifest`; replaces `file`.

    Raises:
        Misconfigured: there is no such book, or the file cannot be there.
        Unavailable: the server does not answer.
    """
    import duckdb

    if file.is_dir():
        raise Misconfigured(f"--duckdb {file}: is a folder; name a file")
    with aside("--duckdb", file) as part, _snapshot(url, book) as (taken_at, views, connection):
        parts = []
        with duckdb.connect(str(part)) as target:
            target.execute("create table manifest (name text, row_count bigint, book text, taken_at text)")
            for rows in _told(connection, views, book, told):
                _fill(target, rows)
                entry = (rows.view.name, rows.count, book, taken_at.isoformat())
                target.execute("insert into manifest values (?, ?, ?, ?)", entry)
                parts.append(Part(rows.view.name, rows.count, rows.types))
        size, digest = seal(part)
        part.replace(file)
    return _exported(file, book, taken_at, parts, size, digest)


def _fill(target: Any, rows: Rows) -> None:
    """Make the table of a view with its comments, and fill it."""
    name = _quoted(rows.view.name)
    target.register("batch", rows.schema.empty_table())
    target.execute(f"create table {name} as select * from batch")  # noqa: S608 - the name of a view of ours, quoted
    target.unregister("batch")
    for batch in rows.batches():
        target.register("batch", batch)
        target.execute(f"insert into {name} select * from batch")  # noqa: S608 - as above
        target.unregister("batch")
    target.execute(f"comment on table {name} is {_text(rows.view.meaning)}")
    for column in rows.view.columns:
        target.execute(f"comment on column {name}.{_quoted(column.name)} is {_text(column.meaning)}")


@contextmanager
def _snapshot(url: str, book: str | None) -> Iterator[tuple[datetime, list[View], psycopg.Connection[tuple[Any, ...]]]]:
    """Yield the moment of one snapshot, the views, and the connection that sees it; nothing commits into it."""
    with analysts.connect(url, statement_timeout="0") as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        with answers.explained(""), connection.transaction():
            row: Any = connection.execute("select now()").fetchone()
            known = sql.SQL("select from analytics.books where book = %s")
            if book is not None and connection.execute(known, (book,)).fetchone() is None:
                raise Misconfigured(f"--book {book}: there is no such book; `tradewind sql 'table books'` lists them")
            yield row[0], dictionary.read(connection), connection


def _told(
    connection: psycopg.Connection[tuple[Any, ...]], views: list[View], book: str | None, told: Told
) -> Iterator[Rows]:
    for number, view in enumerate(views):
        told("views", number, len(views))
        yield rows_of(connection, view, book)
    told("views", len(views), len(views))


def _exported(path: Path, book: str | None, taken_at: datetime, parts: list[Part], size: int, digest: str) -> Exported:
    return Exported(str(path), book, taken_at, sum(part.rows for part in parts), size, digest, parts)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
