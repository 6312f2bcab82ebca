"""A dump brought back into an empty database: all of it in one transaction, and only if it is then what was dumped."""

import shutil
from pathlib import Path

import psycopg
from psycopg import sql

from adapters.store import dump
from adapters.store.anchors import AnchorFile
from adapters.store.contents import Content, Session, Table, content, session, tables
from adapters.store.dump import Dump, Told
from adapters.store.migrate import migrate
from trading.errors import BadData, Misconfigured

_PIECE = 1 << 20


def restore(url: str, data_dir: Path, folder: Path, told: Told) -> Dump:
    """Bring the dump in `folder` into the database at `url`, its archive and anchors into `data_dir`; return it.

    A dump of an older schema is brought in as it was, and then up to date. Triggers do not fire meanwhile: the rows are
    what they had made of them. Each table is read back and compared with its hash before anything counts.

    Raises:
        Misconfigured: there is no dump, it is of a newer schema, or the database has books already.
        BadData: a file is damaged or missing; nothing was brought in.
        Unavailable: the server does not answer.
    """
    told_of = dump.read_manifest(folder)
    migrate(url, told_of.revision)
    archive = data_dir.resolve() / "archive"
    with session(url) as connection:
        _require_empty(connection)
        connection.execute("set session_replication_role = replica")
        known = {table.name: table for table in tables(connection)}
        _require_same(known, told_of)
        connection.execute(
            sql.SQL("truncate {}").format(sql.SQL(", ").join(table.identifier for table in known.values()))
        )
        for number, one in enumerate(told_of.contents):
            told("tables", number, len(told_of.contents))
            _load(connection, known[one.table], one, folder)
        told("tables", len(told_of.contents), len(told_of.contents))
        _bring_files(folder, data_dir)
        connection.execute("update ops.archive_files set folder = %s", (str(archive),))
        _mark_rollups(connection)
    migrate(url)
    return told_of


def _mark_rollups(connection: Session) -> None:
    """Let the server's rollups, where it keeps any, be counted anew: the triggers that mark them did not fire."""
    there = connection.execute("select to_regclass('market.rollup_marks') is not null").fetchone()
    if there == (True,):
        connection.execute(
            "insert into market.rollup_marks (venue, symbol, timeframe, day)"
            " select distinct venue, symbol, timeframe, date_trunc('day', ts, 'UTC') from market.candles"
        )


def _require_empty(connection: Session) -> None:
    row = connection.execute("select string_agg(book, ', ' order by book) from ops.books").fetchone()
    if row is not None and row[0] is not None:
        raise Misconfigured(f"the database holds books already ({row[0]}); restore into a new --data-dir")


def _require_same(known: dict[str, Table], told_of: Dump) -> None:
    """Refuse a dump whose tables are not those of its schema."""
    differ = set(known) ^ {one.table for one in told_of.contents}
    differ |= {one.table for one in told_of.contents if one.table in known and one.columns != known[one.table].columns}
    if differ:
        raise Misconfigured(f"{told_of.folder}: its tables are not those of {told_of.revision}: {sorted(differ)}")


def _load(connection: Session, table: Table, expected: Content, folder: Path) -> None:
    """Fill `table` from its file, and read it back."""
    import pyarrow as pa

    path = folder / dump.file_of(table.name)
    statement = sql.SQL("copy {} ({}) from stdin (format csv, header)").format(
        table.identifier, sql.SQL(", ").join(map(sql.Identifier, table.columns))
    )
    try:
        with (
            pa.CompressedInputStream(pa.OSFile(str(path), "rb"), "zstd") as source,
            connection.cursor() as cursor,
            cursor.copy(statement) as sink,
        ):
            while piece := source.read(_PIECE):
                sink.write(piece)
    except (OSError, psycopg.DataError, psycopg.IntegrityError) as error:
        raise BadData(f"{path}: {str(error).splitlines()[0]}; nothing was restored") from error
    if expected.last is not None:
        connection.execute(
            "select setval(pg_get_serial_sequence(%s, %s), %s)", (table.name, table.counts, expected.last)
        )
    found = content(connection, table)
    if found != expected:
        hashes = f"hash {found.sha256[:12]} instead of {expected.sha256[:12]}"
        raise BadData(f"{path}: {found.rows:,} rows of {expected.rows:,}, {hashes}; nothing was restored")


def _bring_files(folder: Path, data_dir: Path) -> None:
    """Copy archive and anchors; files that are there already stay: they are named by their hash, or sealed."""
    for name in ("archive", AnchorFile(folder).path.parent.name):
        if (folder / name).exists():
            shutil.copytree(folder / name, data_dir / name, dirs_exist_ok=True)
