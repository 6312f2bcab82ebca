"""`tradewind backtest`: strategies on bars of the past, through the decision path and the rules of paper and live."""

import time
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from adapters.settings import load
from cli.choice import Bar, Candles, Choice, Range, Seed, Sets, Strategies, Symbols, Venue, announced
from cli.output import as_json, out, progress, table
from cli.session.plan import CAPITAL, LEAST_HISTORY
from cli.terms import Capital, Fee, HalfSpread, History, Retrain, Steps, terms_of
from cli.verb import DataDir, Json, verb

if TYPE_CHECKING:
    from cli.session.backtest import Terms
    from cli.session.lookahead import Truncation
    from cli.session.markets import Market
    from trading.backtest.result import Backtest

Lookahead = Annotated[
    int | None,
    typer.Option("--check-lookahead", help="Cut the knowledge so many times: nothing up to a cut may change.", min=1),
]
Export = Annotated[
    Path | None, typer.Option(help="Folder for the tear sheet, its JSON and CSV files (in the data folder).")
]


@verb
def backtest(
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
    check_lookahead: Lookahead = None,
    export: Export = None,
    data_dir: DataDir = None,
    json_: Json = False,
) -> int:
    """Trade bars of the past as `run` trades them on paper, to the last digit, and write a tear sheet."""
    began = time.monotonic()
    settings = load(data_dir=data_dir)
    choice = Choice(candles, symbols, timeframe, venue, timerange, steps, history, seed, strategies, sets)
    terms = terms_of(capital, fee, half_spread, retrain)
    market = announced(settings, choice)
    tested, cuts = _test(market, terms, check_lookahead or 0)
    document, files = _save(tested, market, terms, export or settings.data_dir / "backtests")
    seconds = round(time.monotonic() - began, 1)
    if json_:
        as_json(_plain(document, files, cuts, seconds))
    else:
        _show(document, files, cuts, seconds)
    return 1 if any(one.found.differences for one in cuts) else 0


def _test(market: "Market", terms: "Terms", cuts: int) -> "tuple[Backtest, list[Truncation]]":
    from cli.session.backtest import backtest as test
    from cli.session.lookahead import truncations

    with progress() as told:
        # What was held for another reason shows a leak as well: nothing is passed over where one is looked for.
        terms = replace(terms, brief=not cuts)
        tested = test(market, told, terms)
        return tested, truncations(market, terms, tested, cuts, told) if cuts else []


def _save(tested: "Backtest", market: "Market", terms: "Terms", folder: Path) -> tuple[dict[str, Any], dict[str, Path]]:
    from cli.session.tear_sheet import save

    return save(tested, market.plan, terms, folder)


def _plain(
    document: dict[str, Any], files: dict[str, Path], cuts: "list[Truncation]", seconds: float
) -> dict[str, Any]:
    names = ("book", "venue", "timeframe", "quote", "symbols", "period", "headline", "strategies", "by_symbol")
    checked = [{"cut": one.cut.isoformat(), "differences": [*map(vars, one.found.differences)]} for one in cuts]
    return {
        **{name: document[name] for name in (*names, "decisions")},
        "document_hash": document["document_hash"],
        "files": {name: str(path) for name, path in files.items()},
        "lookahead": checked,
        "seconds": seconds,
    }


def _show(document: dict[str, Any], files: dict[str, Path], cuts: "list[Truncation]", seconds: float) -> None:
    head, quote = document["headline"], document["quote"]
    first, last = (document["period"][name][:16].replace("T", " ") for name in ("opens", "closes"))
    about = [
        ("symbols", ", ".join(document["symbols"])),
        ("traded, UTC", f"{first} to {last}"),
        ("bars", f"{head['bars']:,} of {document['timeframe']}"),
        ("signals", f"{document['decisions']['signals']:,}"),
        *(
            (f"decisions {verdict.lower()}", f"{n:,}")
            for verdict, n in sorted(document["decisions"]["verdicts"].items())
        ),
        ("orders, fills, round trips", f"{head['orders']:,}, {head['fills']:,}, {head['round_trips']:,}"),
    ]
    table("backtest", about)
    table("result", [(name, _worded(kind, head[key], quote)) for name, (key, kind) in _HEADLINE.items()])
    for title, rows in (("strategies", document["strategies"]), ("symbols", document["by_symbol"])):
        table(f"{title}, profit after fees", [(row["name"], _worded("amount", row["pnl"], quote)) for row in rows])
    _show_cuts(cuts)
    out.print(f"[bold]tear sheet[/bold]  {escape(str(files['tear_sheet']))}  [dim]{seconds} s[/dim]", soft_wrap=True)


def _show_cuts(cuts: "list[Truncation]") -> None:
    if not cuts:
        return
    told = [(f"{one.cut:%Y-%m-%d %H:%M}", _verdict(one)) for one in cuts]
    table("look-ahead check: the same without all later data", told)


def _verdict(one: "Truncation") -> str:
    if not one.found.differences:
        return "equal"
    first, count = one.found.differences[0], len(one.found.differences)
    return f"{count:,} differ, first {first.kind} {first.key} {first.field}: {first.one} | {first.other}"


def _worded(kind: str, value: str | None, quote: str) -> str:
    if value is None:
        return "-"
    number = Decimal(value)
    if kind == "percent":
        return f"{number * 100:+,.2f} %"
    return f"{number:,.2f} {quote}" if kind == "amount" else f"{number:,.2f}"


_HEADLINE = {
    "equity at start": ("capital", "amount"),
    "equity at end": ("equity", "amount"),
    "return": ("return", "percent"),
    "return of holding the symbols": ("benchmark_return", "percent"),
    "a year": ("cagr", "percent"),
    "Sharpe ratio": ("sharpe", "ratio"),
    "deepest drawdown": ("deepest_drawdown", "percent"),
    "deepest drawdown of holding": ("benchmark_deepest_drawdown", "percent"),
    "win rate": ("win_rate", "percent"),
    "time in the market": ("time_in_market", "percent"),
    "fees": ("fees", "amount"),
}
