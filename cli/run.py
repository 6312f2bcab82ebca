"""`tradewind run`: the whole trip once, from candles to filled orders and a report."""

import time
from typing import Annotated

import typer

from adapters.settings import load
from cli.choice import (
    Bar,
    Candles,
    Choice,
    PaperHistory,
    PaperSteps,
    Range,
    Seed,
    Sets,
    Strategies,
    Symbols,
    Venue,
    announced,
)
from cli.output import as_json, progress
from cli.session.plan import HISTORY
from cli.verb import DataDir, Json, verb


@verb
def run(
    candles: Candles = None,
    exchange: Annotated[
        str | None, typer.Option(help="A ccxt exchange: its live public data, traded on paper.")
    ] = None,
    symbols: Symbols = None,
    timeframe: Bar = None,
    venue: Venue = None,
    timerange: Range = None,
    steps: PaperSteps = 24,
    history: PaperHistory = HISTORY,
    seed: Seed = 7,
    strategies: Strategies = None,
    sets: Sets = None,
    data_dir: DataDir = None,
    json_: Json = False,
) -> int:
    """Ingest, learn, trade and report, once; the same command again continues or does nothing."""
    began = time.monotonic()
    settings = load(data_dir=data_dir)
    choice = Choice(candles, symbols, timeframe, venue, timerange, steps, history, seed, strategies, sets, exchange)
    market = announced(settings, choice)
    from cli.session.trip import trip

    with progress() as told:
        result, resumed = trip(settings, market, told, began)
    if json_:
        as_json(result)
    else:
        from cli.session.result import show

        show(result, resumed=resumed)
    return 0
