"""`tradewind tune`: parameters of a strategy searched on one part of the past and judged on the next, never seen."""

import time
from typing import TYPE_CHECKING, Annotated, Any

import click
import typer
from rich.markup import escape
from rich.table import Table

from adapters.settings import Settings, load
from cli.choice import Bar, Candles, Choice, Range, Seed, Sets, Symbols, Venue, market_of
from cli.output import as_json, note, out, progress, table
from cli.session.plan import CAPITAL, LEAST_HISTORY
from cli.session.search import SAMPLERS
from cli.terms import Capital, Fee, HalfSpread, History, Retrain, Steps, terms_of
from cli.verb import DataDir, Json, verb
from trading.backtest.score import OBJECTIVES
from trading.errors import Misconfigured

if TYPE_CHECKING:
    from cli.session.backtest import Terms
    from cli.session.markets import Market
    from cli.session.tuning import Bench, Judged, Tuning

Strategy = Annotated[str, typer.Option(help="The strategy to tune; `tradewind strategies` lists them.")]
Params = Annotated[
    list[str] | None,
    typer.Option(
        "--param", help="What to search: trend.entry=0:2, trend.step=0.1:0.5:0.1, trend.gap=one,other; repeatable."
    ),
]
Trials = Annotated[int, typer.Option(help="Parameter sets to try in each fold.", min=1, max=100_000)]
Kind = Annotated[str, typer.Option(help="How they are chosen.", click_type=click.Choice(SAMPLERS))]
Goal = Annotated[str, typer.Option(help="What the best has most of.", click_type=click.Choice(OBJECTIVES))]
Folds = Annotated[int, typer.Option(help="Parts to judge on, each with parameters from before it.", min=1, max=100)]
Train = Annotated[int | None, typer.Option(help="Parts before it to choose from (all).", min=1, max=100)]
LeastTrades = Annotated[int, typer.Option(help="Fills below which a trial is not chosen.", min=0)]
Control = Annotated[int, typer.Option(help="Shuffled markets, on which the same search shows chance.", min=0, max=1000)]
Block = Annotated[int, typer.Option(help="Bars that stay together there: what happens within them stays.", min=1)]


@verb
def tune(
    strategy: Strategy,
    params: Params = None,
    trials: Trials = 50,
    sampler: Kind = "tpe",
    objective: Goal = "sharpe",
    folds: Folds = 3,
    train: Train = None,
    least_trades: LeastTrades = 1,
    control: Control = 1,
    control_block: Block = 1,
    candles: Candles = None,
    symbols: Symbols = None,
    timeframe: Bar = None,
    venue: Venue = None,
    timerange: Range = None,
    steps: Steps = None,
    history: History = LEAST_HISTORY,
    seed: Seed = 7,
    sets: Sets = None,
    capital: Capital = str(CAPITAL),
    fee: Fee = None,
    half_spread: HalfSpread = "1",
    retrain: Retrain = 0,
    data_dir: DataDir = None,
    json_: Json = False,
) -> int:
    """Search a strategy's parameters, judge them where they were not searched, and say how much of it is chance."""
    began = time.monotonic()
    settings = load(data_dir=data_dir)
    choice = Choice(candles, symbols, timeframe, venue, timerange, steps, history, seed, strategy, sets)
    terms = terms_of(capital, fee, half_spread, retrain)
    market = market_of(settings, choice)
    tuning = _tuning(market, (params, folds, train), (trials, sampler, objective, least_trades, seed))
    told = _tuned(settings, market, terms, tuning, (control, control_block))
    return _tell({**told, "seconds": round(time.monotonic() - began, 1)}, json_=json_)


def _tuning(market: "Market", cut: tuple[list[str] | None, int, int | None], goal: tuple[Any, ...]) -> "Tuning":
    """Return what the options mean; Misconfigured names one that is wrong."""
    from cli.session.tuning import Tuning
    from trading.backtest.folds import folds
    from trading.backtest.space import space

    params, count, train = cut
    if len(market.plan.strategies) != 1:
        raise Misconfigured(f"--strategy {','.join(market.plan.strategies)}: one strategy is tuned at a time")
    (name,) = market.plan.strategies
    fixed = market.plan.parameters.get(name, {})
    trials, sampler, objective, least_trades, seed = goal
    parts = folds(market.plan.steps, count, train)
    return Tuning(name, space(name, params or (), fixed), fixed, parts, trials, sampler, objective, least_trades, seed)


def _tuned(
    settings: Settings, market: "Market", terms: "Terms", tuning: "Tuning", control: tuple[int, int]
) -> dict[str, Any]:
    """Return what the tuning found, and what it finds where there is nothing."""
    from cli.session import search, tuned
    from cli.session.tuning import Bench, shuffled_market, study_of, walk

    count, block = control
    place, study = study_of(market, terms, tuning)
    folder = (settings.data_dir / "studies" / place).resolve()
    for line in (*market.plan.notes, f"seed {tuning.seed}, study {study}, trials in {folder}"):
        note(line)
    with progress() as heard, search.journal(folder) as storage:
        compiled = settings.data_dir.resolve() / "compiled"
        bench = Bench(market, terms, tuning, compiled)
        folds = walk(storage, study, bench, tuning, heard)
        controls: list[tuple[Bench, list[Judged]]] = []
        for number in range(1, count + 1):
            other = Bench(shuffled_market(market, block, number), terms, tuning, compiled)
            controls.append((other, walk(storage, search.control(study, block, number), other, tuning, heard)))
        told = tuned.document(tuned.Tuned(bench, tuning, folds, search.counted(storage)), controls)
    swift = _swift(bench, folds)
    told["trials"] |= {"by_kernel": swift, "by_engine": told["trials"]["scored"] - swift}
    return {**_about(market, tuning), "study": study, "folder": str(folder), **told}


def _swift(bench: "Bench", folds: "list[Judged]") -> int:
    """Return how many of the scored trials the kernel has scored; the others are the engine's."""
    tried = [(trial, one.fold.chosen) for one in folds for trial in one.tried if trial.score is not None]
    return sum(bench.swift(trial.parameters, chosen) is not None for trial, chosen in tried)


def _about(market: "Market", tuning: "Tuning") -> dict[str, Any]:
    plan = market.plan
    return {
        "venue": plan.venue,
        "timeframe": str(plan.timeframe),
        "symbols": list(plan.symbols),
        "seed": tuning.seed,
        "sampler": tuning.sampler,
        "objective": tuning.objective,
        "fixed": dict(tuning.fixed),
    }


def _tell(told: dict[str, Any], *, json_: bool) -> int:
    if json_:
        as_json(told)
        return 0
    symbols, counts = ", ".join(told["symbols"]), told["trials"]
    about = [
        ("searched", f"{told['strategy']} on {symbols}, {told['timeframe']}, {told['sampler']}, seed {told['seed']}"),
        *((one["parameter"], one["values"]) for one in told["space"]),
        ("trials", f"{counts['scored']:,} of this study, {counts['untold']:,} of them without a score"),
        ("scored by", f"the kernel {counts['by_kernel']:,}, the engine {counts['by_engine']:,}"),
        ("impossible together, not tried", f"{counts['impossible']:,}"),
    ]
    table("tune", about)
    _show_folds(told)
    _show_whole(told)
    _show_chance(told)
    if told["set"]:
        use = " ".join(f"--set {one}" for one in told["set"])
        out.print(f"[bold]newest choice[/bold]  {escape(use)}", soft_wrap=True)
    out.print(f"[dim]{escape(told['folder'])}  {told['seconds']} s[/dim]", soft_wrap=True)
    return 0


def _show_folds(told: dict[str, Any]) -> None:
    grid = Table("", "judged on, UTC", "in sample", "out of sample", "deflated", box=None, pad_edge=False)
    for one in told["folds"]:
        first, last = (one["judged_on"][end][:16].replace("T", " ") for end in ("opens", "closes"))
        scores = (_number(one["in_sample"]), _number(one["out_of_sample"]), _share(one["deflated_sharpe"]))
        grid.add_row(str(one["fold"]), f"{first} to {last}", *scores)
    out.print(f"[bold]folds[/bold], by {told['objective']}")
    out.print(grid)
    out.print()
    chosen = Table("", *(f"fold {one['fold']}" for one in told["folds"]), box=None, pad_edge=False)
    for name in (one["parameter"] for one in told["space"]):
        chosen.add_row(name, *(str((one["parameters"] or {}).get(name, "-")) for one in told["folds"]))
    out.print("[bold]chosen[/bold]")
    out.print(chosen)
    out.print()


def _show_whole(told: dict[str, Any]) -> None:
    grid = Table("", "tuned", "as it was", "held", box=None, pad_edge=False)
    sides = [told["out_of_sample"][name] for name in ("tuned", "as_it_was", "held")]
    for title, name, worded in _WHOLE:
        grid.add_row(title, *(worded(side[name]) for side in sides))
    out.print("[bold]judged parts, one after the other[/bold]")
    out.print(grid)
    out.print()


def _show_chance(told: dict[str, Any]) -> None:
    best = told["best"]
    rows = (
        []
        if best is None
        else [
            ("Sharpe a year where it was chosen", _number(best["sharpe"])),
            ("probability that it is above 0", _share(best["probabilistic_sharpe"])),
            (f"the same after {told['trials']['counted']:,} trials (deflated)", _share(best["deflated_sharpe"])),
        ]
    )
    rows += [
        (
            f"shuffled market {number}: in sample, out of sample, deflated",
            f"{_number(one['in_sample'])}, {_number(one['out_of_sample'])}, {_share(one['deflated_sharpe'])}",
        )
        for number, one in enumerate(told["controls"], start=1)
    ]
    if told["chance"] is not None:
        rows.append(("markets that did as well out of sample, with this one", _share(told["chance"])))
    table("skill or chance: the newest choice", rows)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:,.2f}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value * 100:,.1f} %"


_WHOLE = (
    ("return", "return", _share),
    ("Sharpe a year", "sharpe", _number),
    ("probability that it is above 0", "probabilistic_sharpe", _share),
    ("deepest drawdown", "deepest_drawdown", _share),
    ("fills", "fills", lambda value: f"{value:,}"),
)
