"""Files of the archive: Hive-partitioned Parquet, whole or not there, each read back and hashed before it counts."""

import hashlib
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

import polars as pl

from adapters.files import sync_folder, write_atomically, write_bytes_atomically
from trading.errors import BadData

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Partition:
    """All rows of one market with since <= ts < until."""

    table: str
    venue: str
    symbol: str
    since: datetime
    until: datetime
    span: str

    def __str__(self) -> str:
        """Return what a person calls it."""
        return f"{self.table} {self.venue} {self.symbol} {self.period}"

    @property
    def period(self) -> str:
        """The day or month, such as 2024-03."""
        return f"{self.since:%Y-%m-%d}" if self.span == "day" else f"{self.since:%Y-%m}"

    @property
    def folder(self) -> Path:
        """Where its file lies within the archive; the parts of the name are escaped as DuckDB reads them."""
        parts = {"venue": self.venue, "symbol": self.symbol, self.span: self.period}
        return Path(self.table, *(f"{name}={quote(value, safe='')}" for name, value in parts.items()))


@dataclass(frozen=True)
class File:
    """A file of the archive as the manifest has it; `path` is relative to the archive's folder."""

    path: str
    row_count: int
    bytes: int
    sha256: str


def write(archive: Path, partition: Partition, rows: pl.DataFrame) -> File:
    """Write `rows` as the file of `partition`, read it back, and return what the manifest must know of it.

    The name holds the hash: other rows are another file, the same rows are the same one, written again or not.

    Raises:
        BadData: what was read back is not what was written.
        OSError: the folder cannot be written.
    """
    buffer = io.BytesIO()
    rows.write_parquet(buffer, compression="zstd", statistics=True)
    content = buffer.getvalue()
    digest = hashlib.sha256(content).hexdigest()
    path = partition.folder / f"{partition.period}-{digest[:16]}.parquet"
    whole = archive / path
    write_bytes_atomically(whole, content)
    for folder in (whole.parent, *(archive / above for above in path.parent.parents)):
        sync_folder(folder)
    file = File(str(path), rows.height, len(content), digest)
    if not read(archive, file).equals(rows, null_equal=True):
        raise BadData(f"{whole}: the rows read back are not those that were written; nothing was deleted")
    return file


def read(archive: Path, file: File) -> pl.DataFrame:
    """Return the rows of `file` after comparing its size and hash with the manifest.

    Raises:
        BadData: it is gone, or not what the manifest says.
    """
    whole = archive / file.path
    try:
        content = whole.read_bytes()
    except OSError as error:
        raise BadData(f"{whole}: in the manifest of the archive and cannot be read ({error.strerror})") from None
    if len(content) != file.bytes or hashlib.sha256(content).hexdigest() != file.sha256:
        raise BadData(f"{whole}: its SHA-256 is not that of the manifest; take it from a backup")
    rows = pl.read_parquet(io.BytesIO(content))
    if rows.height != file.row_count:
        raise BadData(f"{whole}: {rows.height} rows, the manifest says {file.row_count}")
    return rows


def write_manifest(archive: Path, table: str, entries: Iterable[tuple[Partition, File]]) -> None:
    """Write the manifest of `table` beside its files, for those who read the archive without the database."""
    files = [_entry(partition, file) for partition, file in entries]
    if files or (archive / table).is_dir():
        text = json.dumps({"table": table, "files": files}, indent=1, default=str)
        write_atomically(archive / table / MANIFEST, text + "\n")


def unlisted(archive: Path, listed: Iterable[str]) -> list[str]:
    """Return the Parquet files in the archive's folder that no manifest names: what a killed run left, or a restore."""
    known = set(listed)
    found = (str(path.relative_to(archive)) for path in archive.glob("*/venue=*/**/*.parquet"))
    return sorted(path for path in found if path not in known)


def _entry(partition: Partition, file: File) -> Mapping[str, object]:
    market = {"venue": partition.venue, "symbol": partition.symbol}
    return {**asdict(file), **market, "since": partition.since.isoformat(), "until": partition.until.isoformat()}
