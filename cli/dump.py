"""`tradewind dump` and `tradewind restore`: all that is stored, in a folder and back, to replay it elsewhere."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from adapters.settings import load
from cli.output import as_json, out, progress
from cli.session.server import server
from cli.verb import DataDir, Json, verb

if TYPE_CHECKING:
    from adapters.store.dump import Dump

New = Annotated[Path, typer.Argument(metavar="FOLDER", help="The folder to make; it must not be there yet.")]
Old = Annotated[Path, typer.Argument(metavar="FOLDER", help="A folder that `tradewind dump` has made.")]


@verb
def dump(folder: New, data_dir: DataDir = None, json_: Json = False) -> int:
    """Write all that is stored, as it is at one moment, into a new folder; whole or not at all.

    Every table with its hash, the files of the archive and the anchors of the
    audit chain. It may be done while all runs. Not in it: Dagster's runs, the
    broker's log, and what the exchange has.
    """
    from adapters.store import dump as dumps

    settings = load(data_dir=data_dir)
    with server(settings) as url, progress() as told:
        done = dumps.write(url, settings.data_dir.resolve(), folder, told)
    _say(done, "dumped", json_=json_)
    return 0


@verb
def restore(folder: Old, data_dir: DataDir = None, json_: Json = False) -> int:
    """Bring a dump into a new data folder, or into the empty database of the settings, to look at it and replay it.

    All of it or nothing: every table is read back and its hash compared. An
    older schema is brought up to date. Trading goes on from it only where the
    exchange agrees, which execution finds out before its first order.
    """
    from adapters.store import restore as restores
    from adapters.store.dump import read_manifest
    from adapters.store.local_postgres import LocalPostgres
    from services.supervisor.lock import exclusive

    settings = load(data_dir=data_dir)
    home = settings.data_dir.resolve()
    read_manifest(folder)
    with progress() as told:
        if settings.database_url is not None:
            done = restores.restore(settings.database_url.get_secret_value(), home, folder, told)
        else:
            with exclusive(home):
                local = LocalPostgres(home)
                try:
                    local.start()
                    done = restores.restore(local.url(), home, folder, told)
                finally:
                    local.stop()
    _say(done, "restored", json_=json_)
    return 0


def _say(done: "Dump", what: str, *, json_: bool) -> None:
    tables = {one.table: one.rows for one in done.contents if one.rows}
    if json_:
        told = {"folder": done.folder, "revision": done.revision, "taken_at": done.taken_at.isoformat()}
        files = {"archive_files": len(done.files), "sha256": done.sha256}
        as_json(told | {"rows": done.rows, "tables": tables} | files)
        return
    of = f"{done.rows:,} rows of {len(tables)} tables and {len(done.files)} files of the archive"
    moment = f"as they were at {done.taken_at:%Y-%m-%d %H:%M:%S} UTC"
    out.print(f"{done.folder}: {what} {of}, {moment}", markup=False, soft_wrap=True)
    out.print(f"  schema {done.revision}, SHA-256 of the manifest {done.sha256}", markup=False, soft_wrap=True)
