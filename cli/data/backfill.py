"""`tradewind data backfill`: what is missing in the stored candles, read from the venue's history."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import structlog
import typer

from adapters.settings import Settings, load
from cli.data.group import group
from cli.operation import at_exchange, store
from cli.output import as_json, out, progress
from cli.verb import DataDir, Json, verb_of
from trading.errors import Misconfigured
from trading.timeframe import Timeframe

if TYPE_CHECKING:
    from adapters.backfill import Backfill, Series
    from adapters.store.database import Database
    from trading.market.holes import Batch

#: A backfill is in no hurry: it waits for its turn and for pauses of the venue.
_PATIENCE_SECONDS = 3600.0

Exchange = Annotated[str | None, typer.Option(help="A ccxt exchange (default: that of the settings).")]
Label = Annotated[str | None, typer.Option(help="Our label of it in the tables (default: the exchange).")]
Symbols = Annotated[str | None, typer.Option(help="Comma separated: BTC/USDT,ETH/USDT (default: all stored).")]
Length = Annotated[str | None, typer.Option(help="Length of a bar (default: all that are stored).")]
Range = Annotated[
    str | None, typer.Option(help="UTC: 20230301-20230325, end exclusive (default: first to last stored).")
]
Again = Annotated[bool, typer.Option("--again", help="Ask once more for days of which the venue had no more.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be read, and read nothing.")]


@verb_of(group)
def backfill(
    exchange: Exchange = None,
    venue: Label = None,
    symbols: Symbols = None,
    timeframe: Length = None,
    timerange: Range = None,
    again: Again = False,
    dry_run: DryRun = False,
    data_dir: DataDir = None,
    json_: Json = False,
) -> int:
    """Read exactly the bars that are missing, day by day, and store them; after an interruption it goes on.

    Bars count as known from now on, and pass the same checks as those of
    the asset; what fails them is quarantined.
    """
    # What is tried again is no news; programs read what is printed.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    settings = load(data_dir=data_dir)
    if exchange is not None:
        settings = settings.model_copy(update={"mode": "paper", "exchange": exchange})
    with store(settings) as database, _filling(settings, database, exchange, venue) as (filler, label):
        wanted = _wanted(database, label, symbols, timeframe, timerange)
        told = [_one(filler, *each, again=again, dry_run=dry_run) for each in wanted]
    if json_:
        as_json({"venue": label, "dry_run": dry_run, "series": told})
    else:
        for one in told:
            _show(one, dry_run=dry_run)
    return 0


@contextmanager
def _filling(
    settings: Settings, database: "Database", exchange: str | None, venue: str | None
) -> "Iterator[tuple[Backfill, str]]":
    from adapters import compose
    from adapters.backfill import Backfill
    from adapters.store import books
    from adapters.store.schema import require

    settings = at_exchange(settings)
    with database.transaction() as connection:
        require(connection, "ops.backfilled_days")
        book = books.get(connection, settings.book)
    label = venue or exchange or (book["configuration"]["venue"] if book else settings.exchange)
    with compose.history(settings, label, database, _PATIENCE_SECONDS) as data:
        yield Backfill(data, database, compose.clock(settings), settings.book), label


def _wanted(
    database: "Database", venue: str, symbols: str | None, length: str | None, timerange: str | None
) -> "list[tuple[Series, datetime, datetime]]":
    """Return the series to fill, each with its range; what the options leave open is taken from what is stored."""
    from adapters.backfill import Series
    from adapters.store import stored_candles
    from cli.session.plan import Timerange

    asked, bounds = Timerange.parse(timerange), {}
    with database.transaction() as connection:
        for label, symbol, timeframe in stored_candles.series(connection):
            if label == venue:
                bounds[symbol, timeframe] = stored_candles.bounds(connection, label, symbol, timeframe)
    named = [part.strip() for part in (symbols or "").split(",") if part.strip()]
    chosen = [(s, length) for s in named] if length else [k for k in bounds if not named or k[0] in named]
    if not named and length:
        chosen = [key for key in bounds if key[1] == length]
    found = []
    for symbol, name in chosen:
        timeframe = Timeframe.parse(name)
        first, last = bounds.get((symbol, name), (None, None))
        start, end = asked.start or first, asked.end or (last + timeframe.delta if last else None)
        if start is None or end is None:
            raise Misconfigured(f"nothing of {symbol} {name} is stored: say which days with --timerange")
        found.append((Series(venue, symbol, timeframe), start, end))
    if not found:
        raise Misconfigured(f"no candles of {venue} are stored: say which with --symbols, --timeframe and --timerange")
    return found


def _one(
    filler: "Backfill", series: "Series", start: datetime, end: datetime, *, again: bool, dry_run: bool
) -> dict[str, Any]:
    batches = filler.plan(series, start, end, again=again)
    told = _told(series, start, end, batches)
    if dry_run:
        return told
    with progress() as show:
        for number, batch in enumerate(batches):
            show(f"{series.symbol} {series.timeframe}", number, len(batches))
            filled = filler.fill(series, batch)
            told["written"] += filled.written
            told["quarantined"] += filled.quarantined
            told["absent"] += filled.absent
        show(f"{series.symbol} {series.timeframe}", len(batches), len(batches))
    return told


def _told(series: "Series", start: datetime, end: datetime, batches: "list[Batch]") -> dict[str, Any]:
    holes = [hole for batch in batches for hole in batch.holes]
    return {
        "venue": series.venue,
        "symbol": series.symbol,
        "timeframe": str(series.timeframe),
        "start": start,
        "end": end,
        "missing": sum(batch.bars for batch in batches),
        "batches": len(batches),
        "holes": [
            {
                "first": first,
                "last": behind - series.timeframe.delta,
                "bars": (behind - first) // series.timeframe.delta,
            }
            for first, behind in holes
        ],
        "written": 0,
        "quarantined": 0,
        "absent": 0,
    }


def _show(one: dict[str, Any], *, dry_run: bool) -> None:
    name = f"{one['venue']} {one['symbol']} {one['timeframe']}"
    said = f"{one['missing']:,} bars missing in {len(one['holes']):,} holes"
    if not dry_run:
        said += f": {one['written']:,} written, {one['quarantined']:,} quarantined, {one['absent']:,} not to be had"
    out.print(f"{name}: {said}", markup=False, soft_wrap=True)
    for hole in one["holes"] if dry_run else ():
        out.print(
            f"  {hole['first']:%Y-%m-%d %H:%M} to {hole['last']:%Y-%m-%d %H:%M}  {hole['bars']:>7,}", markup=False
        )
