"""`tradewind data archive`: old rows to Parquet files, as ops.retention_policies asks; and the way back."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from adapters.settings import Settings, load
from cli.data.group import group
from cli.data.stored import time_of
from cli.operation import store
from cli.output import as_json, out, progress
from cli.verb import DataDir, Json, verb_of
from trading.errors import Misconfigured

if TYPE_CHECKING:
    from adapters.store.database import Database

Table = Annotated[str | None, typer.Option(help="One table (default: all that have a policy).")]
Before = Annotated[str | None, typer.Option(help="Rows before this day or month, whatever the policy says.")]
Folder = Annotated[Path | None, typer.Option(help="The folder of the archive (default: archive in the data folder).")]
Listed = Annotated[bool, typer.Option("--list", help="List the files of the archive and do nothing.")]
Verified = Annotated[bool, typer.Option("--verify", help="Read every file and compare it with its SHA-256.")]
Restored = Annotated[str | None, typer.Option("--restore", help="Bring the rows of one file of the list back.")]


@verb_of(group)
def archive(
    table: Table = None,
    before: Before = None,
    folder: Folder = None,
    list_: Listed = False,
    verify: Verified = False,
    restore: Restored = None,
    data_dir: DataDir = None,
    json_: Json = False,
) -> int:
    """Move what is due into the archive and delete what is due and not archived; what is under a legal hold stays.

    After an interruption the same command goes on.
    """
    if list_ + verify + (restore is not None) > 1:
        raise Misconfigured("--list, --verify and --restore: choose one")
    settings = load(data_dir=data_dir)
    with store(settings, statement_timeout="600s") as database:
        if list_:
            return _list(database, table, as_object=json_)
        if verify:
            return _verify(database, as_object=json_)
        if restore is not None:
            return _restore(database, restore, as_object=json_)
        return _apply(database, settings, folder, table, before, as_object=json_)


def _apply(
    database: "Database",
    settings: Settings,
    folder: Path | None,
    table: str | None,
    before: str | None,
    *,
    as_object: bool,
) -> int:
    from adapters.store import upkeep

    url = settings.dagster_url.get_secret_value() if settings.dagster_url else None
    until = time_of("--before", before)
    if until is not None and table is None:
        raise Misconfigured("--before is for one table: say which with --table")
    where = folder or settings.data_dir / "archive"
    with progress() as told:
        done = upkeep.apply(database, where, url, table, until, told)
    moved = [{"partition": str(part), **asdict(file)} for part, file in done.moved]
    held = [{"partition": str(part), "hold": hold.hold_id, "reason": hold.reason} for part, hold in done.held]
    if as_object:
        said: dict[str, Any] = {"folder": str(where), "moved": moved, "held": held, "deleted": done.deleted}
        as_json(said)
        return 0
    for one in moved:
        out.print(
            f"{one['partition']}: {one['row_count']:,} rows, {one['bytes']:,} bytes", markup=False, soft_wrap=True
        )
    for one in held:
        out.print(f"{one['partition']}: stays, legal hold {one['hold']}: {one['reason']}", markup=False, soft_wrap=True)
    for name, rows in done.deleted.items():
        out.print(f"{name}: {rows:,} rows deleted", markup=False)
    if not moved and not any(done.deleted.values()):
        out.print("nothing is due")
    return 0


def _list(database: "Database", table: str | None, *, as_object: bool) -> int:
    from adapters.store import archive as files

    with database.transaction() as connection:
        found = [{"folder": str(folder), **asdict(file)} for folder, _, file in files.listed(connection, table)]
    if as_object:
        as_json({"files": found})
    for one in () if as_object else found:
        out.print(f"{one['path']}: {one['row_count']:,} rows, {one['bytes']:,} bytes", markup=False, soft_wrap=True)
    return 0


def _verify(database: "Database", *, as_object: bool) -> int:
    from adapters.store import archive as files

    found = list(files.verify(database))
    wrong = {path: why for path, why in found if why}
    if as_object:
        as_json({"files": len(found), "wrong": wrong})
    else:
        for why in wrong.values():
            out.print(why, markup=False, soft_wrap=True)
        out.print(f"{len(found):,} files, {len(wrong):,} wrong")
    return 1 if wrong else 0


def _restore(database: "Database", path: str, *, as_object: bool) -> int:
    from adapters.store import archive as files

    rows = files.restore(database, path)
    if as_object:
        as_json({"path": path, "rows": rows})
    else:
        out.print(f"{path}: {rows:,} rows are back in the database; the file stays where it is", soft_wrap=True)
    return 0
