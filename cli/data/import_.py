"""`tradewind data import`: history files of any form to one sound parquet file per venue, symbol and timeframe."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from adapters.history import archive
from adapters.history.canonical import canonical, merged
from adapters.history.series import Series
from adapters.settings import load
from cli.data.group import Length, Paths, Reading, Symbol, Venue, group
from cli.output import as_json, note, out, progress
from cli.verb import DataDir, Json, verb_of

Out = Annotated[Path, typer.Option("--out", help="The folder of the archive; made when it is not there.")]


@verb_of(group)
def import_(
    paths: Paths,
    out_: Out = Path("history"),
    venue: Venue = None,
    symbol: Symbol = None,
    timeframe: Length = None,
    data_dir: DataDir = None,
    json_: Json = False,
) -> int:
    """Read history files and write what is sound as parquet: ts (open time, UTC), open, high, low, close, volume.

    What is in the archive stays; the same import twice changes nothing. After
    an interruption the same command goes on.
    """
    reading = Reading(paths, load(data_dir=data_dir).quotes)
    groups = _grouped(reading, venue, symbol, timeframe)
    written: list[dict[str, Any]] = []
    with archive.opened(out_), progress() as told:
        for number, parts in enumerate(groups):
            told("markets", number, len(groups))
            written.append(_take_over(parts, out_))
        told("markets", len(groups), len(groups))
    if json_:
        as_json({"out": str(out_), "files": written, "refused": reading.refused})
    else:
        for one in written:
            _show(one)
        for refused in reading.refused:
            note(f"not read: {refused['message']}")
    return 1 if reading.refused else 0


def _grouped(reading: Reading, venue: str | None, symbol: str | None, length: str | None) -> list[list[Series]]:
    """Return the series of each market, kind and timeframe; those that cannot be named are refused."""
    groups: dict[tuple[Any, ...], list[Series]] = {}
    for part in reading.series(venue, symbol, length):
        lacking = [
            option
            for option, value in (("--symbol", part.symbol), ("--timeframe", part.timeframe or part.kind == "trades"))
            if not value
        ]
        if lacking:
            message = f"{part.source}: {part.kind} of an unnamed market; say it with {' and '.join(lacking)}"
            reading.refused.append({"file": part.source, "message": message})
            continue
        groups.setdefault((part.kind, part.venue, part.symbol, part.timeframe), []).append(part)
    return list(groups.values())


def _take_over(parts: list[Series], folder: Path) -> dict[str, Any]:
    """Write one file of the archive if anything is new, and return what was done and decided."""
    found = canonical(parts)
    path = folder / archive.file_name(found)
    before = archive.stored(path, found)
    frame, added, different = found.frame, found.frame.height, 0
    if before is not None:
        frame, added, different = merged(before, found)
    if added:
        archive.write(path, frame)
    return {
        "file": str(path),
        "kind": found.kind,
        "venue": found.venue,
        "symbol": found.symbol,
        "timeframe": None if found.timeframe is None else str(found.timeframe),
        "rows": frame.height,
        "added": added,
        "differ_from_stored": different,
        "dropped": found.dropped,
        "decisions": found.decisions,
        "sources": [part.source for part in parts],
    }


def _show(one: dict[str, Any]) -> None:
    out.print(f"[bold]{escape(one['file'])}[/bold]  {one['rows']:,} rows, {one['added']:,} new", soft_wrap=True)
    for reason, count in one["dropped"].items():
        out.print(f"  dropped {count:>9,}  {reason}", markup=False)
    if one["differ_from_stored"]:
        text = f"{one['differ_from_stored']:,} rows differ from what is stored; the stored ones stay"
        out.print(f"  [yellow]{text}[/yellow]")
    for said in one["decisions"]:
        out.print(f"  [dim]{escape(said)}[/dim]", soft_wrap=True)
