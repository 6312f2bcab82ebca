"""`tradewind models report`: what models could have told of bars not seen, against what anyone could say of them."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import click
import typer
from rich.table import Table

from adapters.settings import load
from cli.choice import Bar, Candles, Choice, Range, Seed, Symbols, Venue, market_of
from cli.models.group import group, wide
from cli.output import as_json, note, out, progress, table
from cli.session.plan import LEAST_HISTORY
from cli.verb import DataDir, Json, verb_of
from trading.errors import BadData, Misconfigured

if TYPE_CHECKING:
    import polars as pl

    from cli.session.markets import Market
    from models.bands import Band

_NAMES = ("return", "direction", "volatility")

Horizons = Annotated[
    list[int] | None, typer.Option("--horizon", help="Bars ahead (1, 4 and 24); repeatable.", min=1, max=1000)
]
Names = Annotated[
    list[str] | None,
    typer.Option("--target", help="What is forecast (all); repeatable.", click_type=click.Choice(_NAMES)),
]
Folds = Annotated[int, typer.Option(help="Parts of the past that are forecast, each from what came before.", min=1)]
Paths = Annotated[int, typer.Option(help="Draws of days behind each band.", min=100, max=100_000)]
Fee = Annotated[float, typer.Option(help="Fee of one way as a fraction: 0.001 is 0.1 %.", min=0, max=0.1)]

Told = Callable[[str, int, int], None]


@verb_of(group)
def report(
    candles: Candles = None,
    horizons: Horizons = None,
    targets: Names = None,
    folds: Folds = 4,
    fee: Fee = 0.001,
    paths: Paths = 1000,
    symbols: Symbols = None,
    timeframe: Bar = None,
    venue: Venue = None,
    timerange: Range = None,
    seed: Seed = 7,
    data_dir: DataDir = None,
    json_: Json = False,
) -> int:
    """Score trees and a line walking forward, against naive forecasts and against holding after costs, with bands."""
    began = time.monotonic()
    settings = load(data_dir=data_dir)
    choice = Choice(candles, symbols, timeframe, venue, timerange, None, LEAST_HISTORY, seed)
    market = market_of(settings, choice)
    for line in market.plan.notes:
        note(line)
    asked = [(name, ahead) for name in targets or _NAMES for ahead in sorted(set(horizons or (1, 4, 24)))]
    with progress() as told:
        found = _found(market, asked, (folds, seed, paths, fee), told)
    return _tell({**found, "seconds": round(time.monotonic() - began, 1)}, json_=json_)


def _found(
    market: "Market", asked: list[tuple[str, int]], terms: tuple[int, int, int, float], told: Told
) -> dict[str, Any]:
    from trading.indicators.technical import technical_features

    panel = _panel(market)
    plan, (folds, seed, paths, fee) = market.plan, terms
    told("features", 0, 1)
    features = technical_features(panel, plan.timeframe)
    told("features", 1, 1)
    forecasts: list[dict[str, Any]] = []
    costs: list[dict[str, Any]] = []
    for name, ahead in asked:
        try:
            scored, earned = _one(panel, features, market, (name, ahead), terms, told)
        except BadData as error:
            raise Misconfigured(f"{name} over {ahead} bars: {error}") from None
        forecasts.append(scored)
        costs += earned
    return {
        "venue": plan.venue,
        "timeframe": str(plan.timeframe),
        "symbols": list(plan.symbols),
        "bars": panel.height,
        "first": panel["ts"].min(),
        "last": panel["ts"].max(),
        "folds": folds,
        "seed": seed,
        "paths": paths,
        "fee": fee,
        "forecasts": forecasts,
        "after_costs": costs,
    }


def _panel(market: "Market") -> "pl.DataFrame":
    import polars as pl

    from cli.session.backtest import bars_of
    from trading.candle import PANEL

    parts = [
        bars_of(market, symbol).with_columns(symbol=pl.lit(symbol)).select(list(PANEL))
        for symbol in market.plan.symbols
    ]
    return pl.concat(parts).sort("symbol", "ts")


def _one(
    panel: "pl.DataFrame",
    features: "pl.DataFrame",
    market: "Market",
    asked: tuple[str, int],
    terms: tuple[int, int, int, float],
    told: Told,
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the scores of one target over one horizon, and what forecasts of the return earn."""
    from models.contest import contest, scores
    from models.labels import training_set
    from models.target import TARGETS, task
    from trading.indicators.technical import FEATURES

    (name, ahead), (folds, seed, paths, fee) = asked, terms
    rows = training_set(features, panel, market.plan.timeframe, ahead, name)
    what = task(rows, FEATURES, ahead, TARGETS[name])
    tested = contest(what, folds, seed, lambda done, of: told(f"{name}, {ahead} bars", done, of))
    scored = {
        "target": name,
        "horizon": ahead,
        "naive": what.target.naive,
        "rows": tested.height,
        "first": tested["ts"].min(),
        "models": {
            who: {score: _plain(band) for score, band in each.items()}
            for who, each in scores(tested, what, paths, seed).items()
        },
    }
    return scored, _earned(tested, panel, ahead, fee, paths, seed) if name == "return" else []


def _earned(
    tested: "pl.DataFrame", panel: "pl.DataFrame", ahead: int, fee: float, paths: int, seed: int
) -> list[dict[str, Any]]:
    from models.after_costs import HOLD, earned, positions, returns
    from models.contest import LINE, TREES

    always = tested.select("symbol", "ts").with_columns(held=1.0)
    holding = returns(always, panel, fee)
    rules = {who: returns(positions(tested, who, fee), panel, fee) for who in (TREES, LINE)}
    found: list[dict[str, Any]] = []
    for who, bars in {**rules, HOLD: holding}.items():
        got = earned(bars, holding, paths, seed)
        told = {name: _plain(getattr(got, name)) for name in ("yearly", "sharpe", "more")}
        found.append({"horizon": ahead, "who": who, **told, "trades": got.trades, "exposure": got.exposure})
    return found


def _plain(band: "Band") -> dict[str, float]:
    return dict(vars(band))


def _tell(told: dict[str, Any], *, json_: bool) -> int:
    if json_:
        as_json(told)
        return 0
    about = [
        ("scored on", f"{', '.join(told['symbols'])}, {told['timeframe']}, {told['venue']}"),
        ("bars", f"{told['bars']:,} from {told['first']:%Y-%m-%d %H:%M} to {told['last']:%Y-%m-%d %H:%M}"),
        ("folds, seed, draws", f"{told['folds']}, {told['seed']}, {told['paths']:,}"),
        ("fee of one way", f"{told['fee'] * 100:g} %"),
    ]
    table("models", about)
    _show_forecasts(told["forecasts"])
    if told["after_costs"]:
        _show_costs(told["after_costs"])
    out.print(f"[dim]bands hold 90 % of the draws; {told['seconds']} s[/dim]")
    return 0


def _show_forecasts(found: list[dict[str, Any]]) -> None:
    grid = Table("", "bars", "model", "skill", "rank correlation", "hit rate", "naive", box=None, pad_edge=False)
    for one in found:
        for who, scored in one["models"].items():
            skill, correlation = _percent(scored["skill"]), _ratio(scored["correlation"])
            hit = _percent(scored["hit_rate"]) if "hit_rate" in scored else "-"
            grid.add_row(one["target"], str(one["horizon"]), who, skill, correlation, hit, one["naive"])
    out.print("[bold]forecasts of bars not seen[/bold], skill against the naive forecast (0: no better)")
    wide(grid)
    out.print()


def _show_costs(found: list[dict[str, Any]]) -> None:
    grid = Table("bars", "who", "growth a year", "Sharpe", "beyond holding", "trades", "held", box=None, pad_edge=False)
    for one in found:
        yearly, sharpe, more = _percent(one["yearly"]), _ratio(one["sharpe"]), _percent(one["more"])
        held = f"{one['exposure'] * 100:.1f} %"
        grid.add_row(str(one["horizon"]), one["who"], yearly, sharpe, more, f"{one['trades']:,}", held)
    out.print("[bold]after costs[/bold], log growth: long while a rise beyond the fees of a round trip is forecast")
    wide(grid)
    out.print()


def _percent(band: dict[str, float]) -> str:
    return f"{band['value'] * 100:.2f} % [{band['low'] * 100:.2f}, {band['high'] * 100:.2f}]".replace("[", "\\[")


def _ratio(band: dict[str, float]) -> str:
    return f"{band['value']:.3f} [{band['low']:.3f}, {band['high']:.3f}]".replace("[", "\\[")
