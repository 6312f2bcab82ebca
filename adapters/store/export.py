"""Export of history: one file of all that is asked for, from the database and the archive, whole or not there."""

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
from psycopg import sql as syntax

from adapters.files import sync_folder
from adapters.store import archive, hot_and_cold, layout
from adapters.store.database import Database
from adapters.store.hot_and_cold import Where
from trading.errors import Misconfigured

#: What the end of a file's name means.
FORMS = {".parquet": "parquet", ".csv": "csv", ".arrow": "arrow", ".feather": "arrow"}

Told = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Exported:
    """What a file holds: its rows, the times of the first and the last, its size and SHA-256."""

    path: str
    rows: int
    first: datetime | None
    last: datetime | None
    bytes: int
    sha256: str


def export(
    database: Database,
    table: str,
    where: Where,
    path: Path,
    start: datetime | None = None,
    end: datetime | None = None,
    at: datetime | None = None,
    told: Told = lambda _phase, _done, _of: None,
) -> Exported:
    """Write the rows of `table` with start <= ts < end to `path`: the newest versions, or what a reader saw at `at`.

    Rows come month by month, within a month by key; exact numbers are texts. Memory holds a month of what is asked for.

    Raises:
        Misconfigured: the name of the file does not end as one of FORMS, or its folder is not there.
        BadData: there is no such table, or a file of the archive is gone or changed.
    """
    form = FORMS.get(path.suffix.lower())
    if form is None:
        raise Misconfigured(f"--out {path}: end the name with one of {', '.join(FORMS)}")
    if not path.parent.is_dir():
        raise Misconfigured(f"--out {path}: there is no folder {path.parent}")
    months = list(_months(database, table, start, end))
    rows, first, last = 0, None, None
    with _replacing(path) as part, _writer(form, part) as write:
        for number, (since, until) in enumerate(months):
            told("months", number, len(months))
            frame = hot_and_cold.read(database, table, where, since, until, at, at)
            if frame.is_empty() and (rows or number + 1 < len(months)):
                continue
            write(frame)
            rows += frame.height
            if frame.height and "ts" in frame.columns:
                first, last = first or frame["ts"].min(), frame["ts"].max()
    told("months", len(months), len(months))
    return Exported(str(path), rows, first, last, path.stat().st_size, _hash(path))  # pyright: ignore[reportArgumentType]


def _months(
    database: Database, table: str, start: datetime | None, end: datetime | None
) -> Iterator[tuple[datetime | None, datetime | None]]:
    """Yield the months, cut at start and end, in which the table may have rows; one without ends when it has no ts."""
    with database.transaction() as connection:
        kept = layout.read(connection, table)
        if kept.series is None:
            yield None, None
            return
        found: Any = connection.execute(
            syntax.SQL("select min(ts) as first, max(ts) as last from {}").format(kept.name)
        ).fetchone()
        spans = [(part.since, part.until) for _, part, _ in archive.listed(connection, table)]
    if found["first"] is not None:
        spans.append((found["first"], found["last"] + timedelta(microseconds=1)))
    if not spans:
        yield start, end
        return
    at = min(since for since, _ in spans)
    stop = max(until for _, until in spans)
    at, stop = max(at, start or at), min(stop, end or stop)
    if at >= stop:
        yield at, at
    while at < stop:
        following = (at.replace(day=1, hour=0, minute=0, second=0, microsecond=0) + timedelta(days=32)).replace(day=1)
        yield at, min(following, stop)
        at = following


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """Yield the name of a part that becomes `path` at the end, and is gone when it does not come to that."""
    for left in path.parent.glob(f".{path.name}.*.part"):
        left.unlink(missing_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield part
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.replace(path)
        sync_folder(path.parent)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _writer(form: str, path: Path) -> Iterator[Callable[[pl.DataFrame], None]]:
    """Yield what appends a frame to the file, all of one schema."""
    import pyarrow as pa
    from pyarrow import csv, parquet

    sink: Any = None

    def write(frame: pl.DataFrame) -> None:
        nonlocal sink
        table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
        if sink is None:
            if form == "parquet":
                sink = parquet.ParquetWriter(path, table.schema, compression="zstd")
            elif form == "csv":
                sink = csv.CSVWriter(path, _plain(table).schema)
            else:
                sink = pa.ipc.new_file(path, table.schema)
        sink.write_table(_plain(table) if form == "csv" else table)

    def _plain(table: Any) -> Any:
        frame: Any = pl.from_arrow(table)
        times = [name for name, kind in frame.schema.items() if kind == pl.Datetime]
        binary = [name for name, kind in frame.schema.items() if kind == pl.Binary]
        return frame.with_columns(
            *(pl.col(name).dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ") for name in times),
            *(pl.col(name).bin.encode("hex") for name in binary),
        ).to_arrow(compat_level=pl.CompatLevel.oldest())

    try:
        yield write
    finally:
        if sink is not None:
            sink.close()


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
