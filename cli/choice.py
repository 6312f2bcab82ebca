"""The options by which whoever trades a market chooses it, its traded window and the strategies."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from adapters.settings import Settings
from cli.output import note
from cli.session.markets import Market
from cli.session.plan import LEAST_HISTORY, STRATEGIES, Timerange, Trading
from trading.errors import Misconfigured
from trading.timeframe import Timeframe

_LONGEST = Timeframe.parse("1w")

Candles = Annotated[
    list[Path] | None, typer.Option(help="Files or folders of candles to replay, in any usual form; repeatable.")
]
Symbols = Annotated[
    str | None, typer.Option("--symbols", "--pairs", help="Symbols to trade, comma separated: BTC/USDT,ETH/USDT.")
]
Bar = Annotated[str | None, typer.Option(help="Length of a bar: 1m, 5m, 1h, ... (random market: 1h).")]
Venue = Annotated[str | None, typer.Option(help="Label of the venue where file names do not say it.")]
Range = Annotated[str | None, typer.Option(help="Data to use, UTC: 20230301-20230325, end exclusive.")]
Seed = Annotated[int, typer.Option(help="Seed of the random market and of the models.", min=0, max=2**31 - 1)]
Strategies = Annotated[
    str | None,
    typer.Option(help=f"Strategies, comma separated; `tradewind strategies` lists them ({','.join(STRATEGIES)})."),
]
Sets = Annotated[
    list[str] | None, typer.Option("--set", help="A parameter of a strategy: trend.entry=0.5; repeatable.")
]


#: The window of a trip on paper, whose steps take a second each; cli/terms.py has that of a backtest.
PaperSteps = Annotated[int, typer.Option(help="How many bars at the end are traded.", min=1, max=100_000)]
PaperHistory = Annotated[int, typer.Option(help="Bars of history before them.", min=LEAST_HISTORY, max=1_000_000)]


@dataclass(frozen=True)
class Choice:
    """What was said on the command line; `steps` None: all bars after `history` of them."""

    candles: list[Path] | None
    symbols: str | None
    timeframe: str | None
    venue: str | None
    timerange: str | None
    steps: int | None
    history: int
    seed: int
    strategies: str | None = None
    sets: list[str] | None = None
    exchange: str | None = None


def market_of(settings: Settings, choice: Choice) -> Market:
    """Return the market that `choice` means.

    Raises:
        Misconfigured: options contradict each other, or one is wrong; the message names it.
    """
    from cli.session import markets

    names = _parted("--symbols", choice.symbols)
    if choice.timeframe is not None:
        _parsed(choice.timeframe)
    if choice.candles and choice.exchange:
        raise Misconfigured("--candles replays files and --exchange reads a live exchange: choose one")
    trading = Trading(choice.steps, choice.history, choice.seed, *_strategies(choice))
    if choice.candles:
        span = Timerange.parse(choice.timerange)
        return markets.file_market(
            settings,
            choice.candles,
            venue=choice.venue,
            timeframe=choice.timeframe,
            symbols=names,
            timerange=span,
            trading=trading,
        )
    if choice.timerange or choice.venue:
        raise Misconfigured("--timerange and --venue belong to --candles")
    timeframe = choice.timeframe or "1h"
    if choice.exchange:
        pair = names or ["BTC/USDT", "ETH/USDT"]
        return markets.live_market(choice.exchange, timeframe=timeframe, symbols=pair, trading=trading)
    return markets.random_market(_parsed(timeframe), names, trading)


def announced(settings: Settings, choice: Choice) -> Market:
    """Return the market that `choice` means, as `market_of`, and say its notes, its seed and its book."""
    market = market_of(settings, choice)
    for line in (*market.plan.notes, f"seed {choice.seed}, book {market.plan.book}"):
        note(line)
    return market


def _strategies(choice: Choice) -> tuple[tuple[str, ...], Mapping[str, Mapping[str, Any]]]:
    """Return the names of the strategies and what of their parameters is set; Misconfigured names what is wrong."""
    from trading.strategies.registry import parameters, strategy

    names = tuple(_parted("--strategies", choice.strategies) or STRATEGIES)
    for name in names:
        strategy(name)
    told: dict[str, dict[str, Any]] = {}
    for text in choice.sets or ():
        path, equals, value = text.partition("=")
        name, dot, parameter = path.partition(".")
        if not (equals and dot and parameter):
            raise Misconfigured(f"--set {text!r} is not of the form strategy.parameter=value")
        if name not in names:
            raise Misconfigured(f"--set {text}: {name} is not among the strategies {', '.join(names)} (--strategies)")
        told.setdefault(name, {})[parameter] = _value(value)
    for name, values in told.items():
        parameters(name, values)
    return names, told


def _value(text: str) -> Any:
    """Return a value as JSON reads it, or the text itself."""
    import json

    try:
        return json.loads(text)
    except ValueError:
        return text


def _parted(option: str, names: str | None) -> list[str] | None:
    """Return each name once; None when the option was not given."""
    if names is None:
        return None
    chosen = list(dict.fromkeys(part.strip() for part in names.split(",") if part.strip()))
    if not chosen:
        raise Misconfigured(f"{option} {names!r} names none; separate names by commas")
    return chosen


def _parsed(timeframe: str) -> Timeframe:
    """Return the length that --timeframe says."""
    try:
        length = Timeframe.parse(timeframe)
    except Misconfigured as error:
        raise Misconfigured(f"--timeframe: {error}") from None
    if length > _LONGEST:
        raise Misconfigured(f"--timeframe {timeframe}: longer than {_LONGEST}")
    return length
