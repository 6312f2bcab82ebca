"""`tradewind data export`: stored history as one file, from the database and the archive alike."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from adapters.settings import load
from cli.data.group import group
from cli.data.stored import CANDLES, ALength, ASymbol, AVenue, End, Start, Table, chosen, time_of
from cli.operation import store
from cli.output import as_json, out, progress
from cli.verb import DataDir, Json, verb_of

Out = Annotated[Path, typer.Option("--out", help="The file: its name ends with .parquet, .csv, .arrow or .feather.")]
At = Annotated[str | None, typer.Option(help="What a reader saw at this time (default: the newest versions).")]


@verb_of(group)
def export(
    out_: Out,
    table: Table = CANDLES,
    venue: AVenue = None,
    symbol: ASymbol = None,
    timeframe: ALength = None,
    start: Start = None,
    end: End = None,
    at: At = None,
    data_dir: DataDir = None,
    json_: Json = False,
) -> int:
    """Write stored rows to a file, month by month; the file is there whole or not at all."""
    from adapters.store import export as exports

    where = chosen(venue=venue, symbol=symbol, timeframe=timeframe)
    times = (time_of("--start", start), time_of("--end", end), time_of("--at", at))
    with store(load(data_dir=data_dir)) as database, progress() as told:
        written = exports.export(database, table, where, out_, *times, told)
    if json_:
        market = {"venue": venue, "symbol": symbol, "timeframe": timeframe}
        as_json({"table": table, **market, "at": times[2], **asdict(written)})
    else:
        out.print(f"{written.path}: {written.rows:,} rows, {written.bytes:,} bytes", markup=False, soft_wrap=True)
    return 0
