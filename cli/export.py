"""`tradewind export`: all views of schema analytics as they are at one moment, as one DuckDB file or as Parquet."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from adapters.settings import load
from cli.output import as_json, out, progress
from cli.session.analyst import analyst_login
from cli.verb import DataDir, Json, verb
from trading.errors import Misconfigured

DuckDb = Annotated[
    Path | None, typer.Option("--duckdb", metavar="FILE", help="One DuckDB file; one that is there is replaced.")
]
Parquet = Annotated[
    Path | None,
    typer.Option("--parquet", metavar="FOLDER", help="A new folder: a Parquet file per view, and a manifest."),
]
OneBook = Annotated[str | None, typer.Option("--book", help="One book (default: all of them).")]


@verb
def export(
    duckdb: DuckDb = None,
    parquet: Parquet = None,
    book: OneBook = None,
    data_dir: DataDir = None,
    json_: Json = False,
) -> int:
    """Write all views of schema analytics to files, for other tools; whole or not at all.

    All of it is as it was at one moment. `tradewind data export` writes the
    raw history of one table.
    """
    if (duckdb is None) == (parquet is None):
        raise Misconfigured("say where to: --duckdb FILE or --parquet FOLDER")
    from adapters.store import analytics_export

    with analyst_login(load(data_dir=data_dir)) as url, progress() as told:
        if duckdb is not None:
            written = analytics_export.to_duckdb(url, duckdb, book, told)
        else:
            assert parquet is not None  # noqa: S101
            written = analytics_export.to_parquet(url, parquet, book, told)
    if json_:
        as_json(asdict(written) | {"taken_at": written.taken_at.isoformat()})
        return 0
    text = f"{written.path}: {len(written.views)} views, {written.rows:,} rows, {written.bytes:,} bytes"
    out.print(f"{text}, as of {written.taken_at:%Y-%m-%d %H:%M:%S} UTC", markup=False, soft_wrap=True)
    return 0
