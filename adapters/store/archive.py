"""The archive: old rows leave the database for files, each at once or not at all, and come back the same way.

A row is deleted in the transaction that lists its file in ops.archive_files, after the file has been read back. So at
every moment, killed or not, each row is in the database or in a listed file, never in both and never in none.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from psycopg import sql as syntax

from adapters.store import cold, holds, layout, retention, stored_rows
from adapters.store.cold import File, Partition
from adapters.store.copying import copy
from adapters.store.database import Connection, Database
from adapters.store.holds import Hold
from trading.errors import BadData, Denied, Misconfigured, Unavailable

#: A partition that is written to while it is read is read again so often.
_ATTEMPTS = 3


def move(database: Database, archive: Path, part: Partition) -> File:
    """Move the rows of `part` into a file of the archive and return it.

    Raises:
        Denied: a legal hold was placed on them meanwhile.
        BadData: the file read back is not what was written.
        Unavailable: the server does not answer, or rows came in each time.
    """
    for _ in range(_ATTEMPTS):
        with database.transaction() as connection:
            kept = layout.read(connection, part.table)
        where = {"venue": part.venue, "symbol": part.symbol}
        rows = stored_rows.frame(database.arrow(stored_rows.query(kept, where, part.since, part.until)))
        file = cold.write(archive, part, rows)
        if _replace(database, archive, part, file):
            return file
    raise Unavailable(f"{part}: rows came in each time they were read; run it again when nothing writes to them")


def _replace(database: Database, archive: Path, part: Partition, file: File) -> bool:
    """List the file and delete its rows; False, with nothing done, when there are not as many as in the file."""
    with database.transaction() as connection:
        # Whoever places a hold waits for the end of this, or is seen here.
        connection.execute("lock table ops.legal_holds in share mode")
        if hold := retention.held_by(part, holds.active(connection)):
            raise Denied("held", f"{part} is under legal hold {hold.hold_id}: {hold.reason}")
        statement = "delete from {} where venue = %s and symbol = %s and ts >= %s and ts < %s"
        name = syntax.Identifier(*part.table.split("."))
        gone = connection.execute(
            syntax.SQL(statement).format(name), (part.venue, part.symbol, part.since, part.until)
        ).rowcount
        if gone != file.row_count:
            connection.rollback()
            return False
        connection.execute(
            "insert into ops.archive_files (table_name, venue, symbol, since, until, folder, path, row_count, bytes,"
            " sha256) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (
                *(part.table, part.venue, part.symbol, part.since, part.until),
                *(str(archive), file.path, file.row_count, file.bytes, file.sha256),
            ),
        )
    return True


def restore(database: Database, path: str) -> int:
    """Bring the rows of the file `path` of the manifest back into the database and return how many; the file stays.

    Raises:
        Misconfigured: the manifest has no such file.
        BadData: the file is gone, or not what the manifest says.
    """
    with database.transaction() as connection:
        row = connection.execute(
            "select table_name, folder, row_count, bytes, sha256 from ops.archive_files where path = %s for update",
            (path,),
        ).fetchone()
        if row is None:
            raise Misconfigured(f"--restore {path}: ops.archive_files has no such path; `--list` shows them")
        rows = cold.read(Path(row["folder"]), File(path, row["row_count"], row["bytes"], row["sha256"]))
        kept = layout.read(connection, row["table_name"])
        copy(connection, kept.name, stored_rows.copyable(rows), kept.kinds)
        connection.execute("delete from ops.archive_files where path = %s", (path,))
    return rows.height


def listed(
    connection: Connection,
    table: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    markets: Iterable[tuple[str, str]] | None = None,
) -> list[tuple[Path, Partition, File]]:
    """Return the folder, partition and file of each row of the manifest, oldest first."""
    rows = connection.execute(
        "select f.*, p.span from ops.archive_files as f"
        " left join ops.retention_policies as p on f.table_name = p.table_name"
        " where (%(table)s::text is null or f.table_name = %(table)s)"
        " and (%(start)s::timestamptz is null or f.until > %(start)s)"
        " and (%(end)s::timestamptz is null or f.since <= %(end)s) order by f.table_name, f.since, f.venue, f.symbol",
        {"table": table, "start": start, "end": end},
    ).fetchall()
    chosen = None if markets is None else set(markets)
    return [
        (
            Path(r["folder"]),
            Partition(r["table_name"], r["venue"], r["symbol"], r["since"], r["until"], r["span"] or "month"),
            File(r["path"], r["row_count"], r["bytes"], r["sha256"]),
        )
        for r in rows
        if chosen is None or (r["venue"], r["symbol"]) in chosen
    ]


def write_manifests(database: Database, archive: Path) -> None:
    """Write the manifests of the folder `archive` anew from the database, which is what counts."""
    with database.transaction() as connection:
        entries = [(part, file) for folder, part, file in listed(connection) if folder == archive]
    tables = {part.table for part, _ in entries} | {path.parent.name for path in archive.glob(f"*/{cold.MANIFEST}")}
    for table in sorted(tables):
        cold.write_manifest(archive, table, [(part, file) for part, file in entries if part.table == table])


def verify(database: Database) -> Iterator[tuple[str, str | None]]:
    """Yield the path of each file of the archive and what is wrong with it, None when nothing is."""
    with database.transaction() as connection:
        files = listed(connection)
    for folder, _, file in files:
        try:
            cold.read(folder, file)
        except BadData as error:
            yield file.path, str(error)
        else:
            yield file.path, None
    for folder in sorted({folder for folder, _, _ in files}):
        for path in cold.unlisted(folder, [file.path for _, _, file in files]):
            yield path, f"{folder / path}: not in the manifest; its rows are elsewhere or it is from another database"


def pending(
    database: Database, table: str | None, before: datetime | None
) -> tuple[list[Partition], list[tuple[Partition, Hold]]]:
    """Return the partitions that are due, and those that are due and held."""
    free: list[Partition] = []
    held: list[tuple[Partition, Hold]] = []
    with database.transaction() as connection:
        active = holds.active(connection)
        for policy in retention.policies(connection, table, before):
            for part in retention.due(connection, policy) if policy.archived else []:
                hold = retention.held_by(part, active)
                if hold is None:
                    free.append(part)
                else:
                    held.append((part, hold))
    return free, held
