"""`tradewind montecarlo`: what else the same trading could have come to, and whether chance alone does as well."""

import json
import math
import time
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from adapters.settings import Settings, load
from cli.choice import Bar, Candles, Choice, Range, Seed, Sets, Strategies, Symbols, Venue, announced
from cli.output import as_json, out, progress, table
from cli.session.plan import CAPITAL, LEAST_HISTORY
from cli.terms import Capital, Fee, HalfSpread, History, Retrain, Steps, amount, terms_of
from cli.verb import DataDir, Json, verb
from trading.errors import BadData, Misconfigured

if TYPE_CHECKING:
    from cli.session.backtest import Terms
    from trading.backtest.monte_carlo import Outcomes
    from trading.backtest.sample import Sample

From = Annotated[
    Path | None, typer.Option("--from", help="The document of a tear sheet (JSON), instead of a backtest of a market.")
]
Paths = Annotated[int, typer.Option(help="How many paths are drawn.", min=100, max=100_000)]
Block = Annotated[float | None, typer.Option(help="Mean bars that stay together (by their dependence).", min=1)]
Drawdown = Annotated[str, typer.Option(help="A drawdown, as a fraction: 0.2 is 20 %; how likely is a deeper one?")]

#: Fewer returns than this say nothing.
_LEAST = 30


@verb
def montecarlo(
    from_: From = None,
    paths: Paths = 2000,
    block: Block = None,
    drawdown: Drawdown = "0.2",
    candles: Candles = None,
    symbols: Symbols = None,
    timeframe: Bar = None,
    venue: Venue = None,
    timerange: Range = None,
    steps: Steps = None,
    history: History = LEAST_HISTORY,
    seed: Seed = 7,
    strategies: Strategies = None,
    sets: Sets = None,
    capital: Capital = str(CAPITAL),
    fee: Fee = None,
    half_spread: HalfSpread = "1",
    retrain: Retrain = 0,
    data_dir: DataDir = None,
    json_: Json = False,
) -> int:
    """Draw the round trips and the bars of a backtest again and again: bands, risks, and tests against chance."""
    began = time.monotonic()
    settings = load(data_dir=data_dir)
    limit = float(amount("--drawdown", drawdown, Decimal("0.001"), Decimal("0.999")))
    choice = Choice(candles, symbols, timeframe, venue, timerange, steps, history, seed, strategies, sets)
    terms = terms_of(capital, fee, half_spread, retrain)
    book, sample = _read(from_, choice) if from_ else _traded(settings, choice, terms)
    told = {"book": book, "from": str(from_) if from_ else None, **_resampled(sample, paths, block, seed, limit)}
    return _tell({**told, "seconds": round(time.monotonic() - began, 1)}, json_=json_)


def _read(file: Path, choice: Choice) -> "tuple[str, Sample]":
    """Return the book of a tear sheet and its sample; Misconfigured where it is none, or a market is chosen too."""
    from trading.audit import digest_plain
    from trading.backtest.sample import of_document

    if choice.candles or choice.symbols or choice.strategies or choice.sets or choice.steps:
        raise Misconfigured("--from reads a backtest that was done: the options of a market and its strategies do not")
    try:
        document = json.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise Misconfigured(f"--from {file} cannot be read: {error}") from None
    if not isinstance(document, dict) or "document_hash" not in document:
        raise Misconfigured(f"--from {file} is no document of a tear sheet")
    said = document.pop("document_hash")
    if digest_plain(document) != said:
        raise Misconfigured(f"--from {file} is not as it was written: its document_hash does not fit")
    try:
        return document["book"], of_document(document)
    except BadData as error:
        raise Misconfigured(f"--from {file}: {error}") from None


def _traded(settings: Settings, choice: Choice, terms: "Terms") -> "tuple[str, Sample]":
    from cli.session.backtest import backtest
    from trading.backtest.sample import of_backtest

    market = announced(settings, choice)
    with progress() as told:
        return market.plan.book, of_backtest(backtest(market, told, terms))


def _resampled(sample: "Sample", paths: int, block: float | None, seed: int, limit: float) -> dict[str, Any]:
    from trading.backtest.bootstrap import block_length
    from trading.backtest.monte_carlo import figures, outcomes
    from trading.backtest.significance import mean_above_zero, timing

    count = len(sample.returns)
    if count < _LEAST:
        raise Misconfigured(f"{count} returns are too few to draw from, {_LEAST} the least; trade more --steps")
    length = min(block or block_length(sample.returns), count)
    own = figures(sample.returns[None, :], sample.per_year)
    trips = len(sample.trips)
    a_year = trips * sample.per_year / count
    return {
        "seed": seed,
        "paths": paths,
        "block": length,
        "returns": count,
        "bars_each": sample.bars,
        "round_trips": trips,
        "drawdown": limit,
        "backtest": {name: _told(float(value[0])) for name, value in own.items()},
        "by_bars": _plain(outcomes(sample.returns, length, paths, seed, sample.per_year, limit)),
        "by_round_trips": _plain(outcomes(sample.trips, 1, paths, seed, a_year, limit)) if trips > 1 else None,
        "tests": {
            "mean_above_zero": mean_above_zero(sample.returns, length, paths, seed) if sample.returns.any() else None,
            # Over several bars at once, a position would be credited with what led to it.
            "timing": timing(sample.exposures, sample.moves) if sample.bars == 1 and sample.exposures.any() else None,
        },
    }


def _plain(found: "Outcomes") -> dict[str, Any]:
    bands = {
        name: None if shares is None else {f"p{share}": value for share, value in shares.items()}
        for name, shares in found.bands.items()
    }
    return {"bands": bands, "loss": found.loss, "beyond_drawdown": found.beyond}


def _told(value: float) -> float | None:
    return None if math.isnan(value) else value


def _tell(told: dict[str, Any], *, json_: bool) -> int:
    if json_:
        as_json(told)
        return 0
    each = "each bar" if told["bars_each"] == 1 else f"every {told['bars_each']} bars"
    about = [
        ("drawn from", f"{told['returns']:,} returns, of {each}; {told['round_trips']:,} round trips"),
        ("paths, seed", f"{told['paths']:,}, {told['seed']}"),
        ("mean block", f"{told['block']:,.1f} returns"),
    ]
    table("Monte Carlo", about)
    for title, name in (("bars drawn in blocks", "by_bars"), ("round trips drawn one by one", "by_round_trips")):
        _show(title, told[name], told)
    tests = (
        ("mean above 0 after costs", "mean_above_zero"),
        ("better than the same positions at random times", "timing"),
    )
    table(
        "how likely chance does as well (p)", [(title, _worded(told["tests"][name], "ratio")) for title, name in tests]
    )
    out.print(f"[dim]{told['seconds']} s[/dim]")
    return 0


def _show(title: str, found: Mapping[str, Any] | None, told: Mapping[str, Any]) -> None:
    out.print(f"[bold]{title}[/bold]")
    if found is None:
        out.print("  too few to draw from\n")
        return
    grid = Table("", "backtest", "5 %", "25 %", "50 %", "75 %", "95 %", box=None, pad_edge=False)
    for name, (worded, kind) in _FIGURES.items():
        bands = found["bands"][name] or {}
        values = (told["backtest"][name], *(bands.get(f"p{share}") for share in (5, 25, 50, 75, 95)))
        grid.add_row(f"  {worded}", *(_worded(value, kind) for value in values))
    out.print(grid)
    risks = (f"a loss {_worded(found['loss'], 'percent')}", f"a drawdown beyond {told['drawdown']:.1%}")
    out.print(f"  share of paths with {risks[0]}, {risks[1]} {_worded(found['beyond_drawdown'], 'percent')}\n")


def _worded(value: float | None, kind: str) -> str:
    if value is None:
        return "-"
    return f"{value * 100:,.1f} %" if kind == "percent" else f"{value:,.3f}"


_FIGURES = {
    "return": ("return", "percent"),
    "deepest_drawdown": ("deepest drawdown", "percent"),
    "sharpe": ("Sharpe a year", "ratio"),
}
