"""`tradewind data gaps`: the bars that are missing, in files or in what is stored."""

from pathlib import Path
from typing import Annotated, Any

import typer

from adapters.settings import Settings, load
from cli.data.group import Length, Reading, Symbol, Venue, group
from cli.operation import store
from cli.output import as_json, note, out
from cli.verb import DataDir, Json, verb_of

Where = Annotated[
    list[Path] | None,
    typer.Argument(metavar="[PATH]...", help="Files or folders; none: the candles in the database of the data dir."),
]


@verb_of(group)
def gaps(
    paths: Where = None,
    venue: Venue = None,
    symbol: Symbol = None,
    timeframe: Length = None,
    data_dir: DataDir = None,
    json_: Json = False,
) -> int:
    """Print the gap map: per venue, symbol and timeframe each run of missing bars, first, last and how many."""
    settings = load(data_dir=data_dir)
    refused: list[dict[str, str]] = []
    if paths:
        reading = Reading(paths, settings.quotes)
        series = [
            _of(part.venue, part.symbol, str(part.timeframe), part.source, part.sample().bars["ts"].to_list())
            for part in reading.series(venue, symbol, timeframe)
            if part.timeframe is not None
        ]
        refused = reading.refused
    else:
        series = _stored(settings)
    if json_:
        as_json({"series": series, "refused": refused})
        return 0
    _show(series)
    for one in refused:
        note(f"not read: {one['message']}")
    return 0


def _stored(settings: Settings) -> list[dict[str, Any]]:
    from adapters.store import stored_candles

    found = []
    with store(settings) as database, database.transaction() as connection:
        for venue, symbol, length in stored_candles.series(connection):
            times = stored_candles.open_times(connection, venue, symbol, length)
            found.append(_of(venue, symbol, length, "database", times))
    return found


def _of(venue: str | None, symbol: str | None, length: str, source: str, times: list[Any]) -> dict[str, Any]:
    import polars as pl

    from trading.candle import TS
    from trading.market.gaps import gaps as missing
    from trading.timeframe import Timeframe

    timeframe = Timeframe.parse(length)
    holes = missing(pl.DataFrame({"ts": pl.Series(times, dtype=TS)}).with_columns(symbol=pl.lit("")), timeframe)
    return {
        "source": source,
        "venue": venue,
        "symbol": symbol,
        "timeframe": length,
        "bars": len(times),
        "missing": int(holes["bars"].sum()),
        "gaps": [
            {"first": start, "last": end - timeframe.delta, "bars": bars}
            for start, end, bars in holes.select("start", "end", "bars").iter_rows()
        ],
    }


def _show(series: list[dict[str, Any]]) -> None:
    for one in series:
        name = " ".join(str(one[key] or "?") for key in ("venue", "symbol", "timeframe"))
        said = f"{one['missing']:,} bars missing in {len(one['gaps']):,} gaps" if one["gaps"] else "no gaps"
        out.print(f"{name}: {one['bars']:,} bars, {said} ({one['source']})", markup=False, soft_wrap=True)
        for gap in one["gaps"]:
            between = f"{gap['first']:%Y-%m-%d %H:%M} to {gap['last']:%Y-%m-%d %H:%M}"
            out.print(f"  {between}  {gap['bars']:>7,}", markup=False)
    if not series:
        out.print("no candles")
