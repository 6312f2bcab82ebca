"""`tradewind compare`: the same bars traded on paper and in a backtest, and every difference between the two."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.table import Table

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
from cli.output import as_json, out, progress
from cli.session.plan import HISTORY
from cli.verb import DataDir, Json, verb

if TYPE_CHECKING:
    from adapters.store.database import Database
    from trading.backtest.compare import Comparison, Difference
    from trading.backtest.result import Traded
    from trading.limits import Limits

#: Differences that people are shown; a program is given all of them.
_SHOWN = 20


@verb
def compare(
    candles: Candles = None,
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
    """Trade on paper as `run` does, backtest the same bars, and exit 1 on any difference, however small."""
    from cli.session.backtest import Terms, backtest
    from cli.session.trip import trip
    from trading.backtest.compare import compare as differences

    began = time.monotonic()
    settings = load(data_dir=data_dir)
    choice = Choice(candles, symbols, timeframe, venue, timerange, steps, history, seed, strategies, sets)
    market = announced(settings, choice)
    paper: list[tuple[Traded, Limits]] = []
    with progress() as told:
        trip(settings, market, told, began, lambda database: paper.append(_paper(database, market.plan.book)))
        ((traded, limits),) = paper
        tested = backtest(market, told, Terms(limits=limits, brief=False))
    found = differences(traded, tested.traded)
    if json_:
        as_json(_plain(market.plan.book, found))
    else:
        _show(found)
    return 1 if found.differences else 0


def _paper(database: "Database", book: str) -> "tuple[Traded, Limits]":
    from adapters.store import parameters, traded

    with database.transaction() as connection:
        return traded.load(connection, book), parameters.limits(connection)[1]


def _plain(book: str, found: "Comparison") -> dict[str, Any]:
    counts = {kind: {"paper": one, "backtest": other} for kind, (one, other) in found.counts.items()}
    listed = [
        {"kind": d.kind, "key": d.key, "field": d.field, "paper": d.one, "backtest": d.other} for d in found.differences
    ]
    return {"book": book, "equal": not listed, "compared": counts, "differences": listed}


def _show(found: "Comparison") -> None:
    grid = Table("", "paper", "backtest", "different", box=None, pad_edge=False)
    for kind, (one, other) in found.counts.items():
        different = len({each.key for each in found.differences if each.kind == kind})
        grid.add_row(kind, f"{one:,}", f"{other:,}", f"{different:,}" if different else "none")
    out.print(grid)
    if not found.differences:
        out.print("\n[green]Paper and backtest are equal, to the last digit.[/green]")
        return
    out.print()
    _list(found.differences)


def _list(differences: "Sequence[Difference]") -> None:
    grid = Table("kind", "which", "what", "paper", "backtest", box=None, pad_edge=False)
    for each in differences[:_SHOWN]:
        grid.add_row(each.kind, each.key, each.field or "all", each.one, each.other)
    out.print(grid)
    if len(differences) > _SHOWN:
        out.print(f"[dim]and {len(differences) - _SHOWN:,} more; --json lists them all[/dim]")
