"""A dump: every table of ours as it was at one moment, each a file that is the same bytes for the same rows.

Rows lie in the order of their primary key as CSV, compressed; hashes are those of the CSV. What a dump cannot hold are
Dagster's runs, the broker's log and the record of the exchange: they are not ours.
"""

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import psycopg

from adapters.files import aside, seal, sync_folder
from adapters.store.anchors import AnchorFile
from adapters.store.contents import Content, Session, content, session, tables
from trading.errors import BadData, Misconfigured

Told = Callable[[str, int, int], None]

MANIFEST = "manifest.json"
FORM = 1


@dataclass(frozen=True)
class Dump:
    """A folder that holds a dump; `sha256` of its manifest says which one. `files` are those of the archive."""

    folder: str
    revision: str
    taken_at: datetime
    contents: list[Content]
    files: list[str]
    sha256: str

    @property
    def rows(self) -> int:
        """All rows of all tables."""
        return sum(one.rows for one in self.contents)


def revision(connection: Session) -> str:
    """Return the name of the schema's newest migration; Misconfigured when the database has none."""
    there = connection.execute("select to_regclass('public.schema_version') is not null").fetchone()
    row = connection.execute("select version_num from public.schema_version").fetchone() if there == (True,) else None
    if row is None:
        raise Misconfigured("the database holds no schema of Tradewind; `tradewind run` makes it")
    return row[0]


def write(url: str, data_dir: Path, folder: Path, told: Told) -> Dump:
    """Write all that is stored into the new folder `folder`; it is there whole or not at all.

    Raises:
        Misconfigured: the folder is there already, or the database has no schema of ours.
        BadData: a file of the archive is not what the manifest of the archive says.
        Unavailable: the server does not answer.
    """
    if folder.exists():
        raise Misconfigured(f"{folder}: is there already; name a folder that is not")
    with aside("FOLDER", folder) as part:
        part.mkdir(mode=0o700)
        # Before the snapshot: an anchor of a later row would say that the rows behind it were cut off.
        _keep_anchors(data_dir, part)
        with session(url) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            at = revision(connection)
            moment = connection.execute("select now()").fetchone()
            assert moment is not None  # noqa: S101
            contents = _write_tables(connection, part, told)
            files = _write_archive(connection, part)
        manifest = {"form": FORM, "revision": at, "taken_at": moment[0].isoformat()}
        text = json.dumps(manifest | {"tables": [asdict(one) for one in contents], "files": files}, indent=1)
        (part / MANIFEST).write_text(text + "\n")
        _, digest = seal(part / MANIFEST)
        sync_folder(part)
        part.rename(folder)
    return Dump(str(folder), at, moment[0], contents, files, digest)


def read_manifest(folder: Path) -> Dump:
    """Return the dump in `folder` as its manifest tells it.

    Raises:
        Misconfigured: there is none, or it is of a form that this program does not know.
    """
    try:
        content = (folder / MANIFEST).read_bytes()
        told = json.loads(content)
        if told["form"] != FORM:
            raise Misconfigured(f"{folder}: a dump of form {told['form']}, this program reads form {FORM}")
        contents = [Content(**{**one, "columns": tuple(one["columns"])}) for one in told["tables"]]
        taken = datetime.fromisoformat(told["taken_at"])
        digest = hashlib.sha256(content).hexdigest()
        return Dump(str(folder), told["revision"], taken, contents, told["files"], digest)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise Misconfigured(f"{folder}: holds no dump: {MANIFEST} {error}") from error


def _write_tables(connection: Session, folder: Path, told: Told) -> list[Content]:
    import pyarrow as pa

    contents = []
    known = tables(connection)
    for number, table in enumerate(known):
        told("tables", number, len(known))
        path = folder / file_of(table.name)
        with pa.CompressedOutputStream(pa.OSFile(str(path), "wb"), "zstd") as target:
            contents.append(content(connection, table, target.write))
        seal(path)
    told("tables", len(known), len(known))
    return contents


def file_of(table: str) -> str:
    """Return the name of the file of a table."""
    return f"{table}.csv.zst"


def _keep_anchors(data_dir: Path, folder: Path) -> None:
    anchors = AnchorFile(data_dir).path
    if anchors.exists():
        copy = AnchorFile(folder).path
        copy.parent.mkdir(mode=0o700)
        shutil.copyfile(anchors, copy)
        seal(copy)


def _write_archive(connection: Session, folder: Path) -> list[str]:
    """Copy the files of the archive that the database lists; their rows are in no table."""
    listed = connection.execute("select folder, path, sha256 from ops.archive_files order by path").fetchall()
    for place, path, digest in listed:
        copy = folder / "archive" / path
        copy.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copyfile(Path(place) / path, copy)
        except OSError as error:
            raise BadData(f"archive file {Path(place) / path}: {error.strerror}; ops.archive_files lists it") from error
        if seal(copy)[1] != digest:
            raise BadData(f"archive file {Path(place) / path} is not what ops.archive_files says of it")
    return [path for _, path, _ in listed]
