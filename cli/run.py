"""`tradewind run`: the whole trip once, from candles to filled orders and a report."""

import time
from typing import Annotated

import typer

from adapters.settings import load
from cli.choice import Bar, Candles, Choice, Range, Seed, Sets, Strategies, Symbols, Venue, market_of
from cli.output import as_json, note, progress
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
    steps: Annotated[int, typer.Option(help="How many bars at the end are traded.", min=1, max=100_000)] = 24,
    history: Annotated[int, typer.Option(help="Bars of history before them.", min=1_200, max=1_000_000)] = HISTORY,
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
    market = market_of(settings, choice)
    for line in market.plan.notes:
        note(line)
    note(f"seed {seed}, book {market.plan.book}")
    from cli.session.trip import trip

    with progress() as told:
        result, resumed = trip(settings, market, told, began)
    if json_:
        as_json(result)
    else:
        from cli.session.result import show

        show(result, resumed=resumed)
    return 0
