"""`tradewind run`: the whole trip once, from candles to filled orders and a report."""

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from adapters.settings import Settings, load
from cli.output import as_json, note, progress
from cli.session.markets import Market
from cli.session.plan import HISTORY, Timerange
from cli.verb import DataDir, Json, verb
from trading.errors import Misconfigured
from trading.timeframe import Timeframe

_LONGEST = Timeframe.parse("1w")


@verb
def run(
    candles: Annotated[
        list[Path] | None, typer.Option(help="Files or folders of candles to replay, in any usual form; repeatable.")
    ] = None,
    exchange: Annotated[
        str | None, typer.Option(help="A ccxt exchange: its live public data, traded on paper.")
    ] = None,
    symbols: Annotated[str | None, typer.Option(help="Symbols to trade, comma separated: BTC/USDT,ETH/USDT.")] = None,
    timeframe: Annotated[str | None, typer.Option(help="Length of a bar: 1m, 5m, 1h, ... (random market: 1h).")] = None,
    venue: Annotated[str | None, typer.Option(help="Label of the venue where file names do not say it.")] = None,
    timerange: Annotated[str | None, typer.Option(help="Data to use, UTC: 20230301-20230325, end exclusive.")] = None,
    steps: Annotated[int, typer.Option(help="How many bars at the end are traded.", min=1, max=100_000)] = 24,
    history: Annotated[int, typer.Option(help="Bars of history before them.", min=1_200, max=1_000_000)] = HISTORY,
    seed: Annotated[int, typer.Option(help="Seed of the random market and of the models.", min=0, max=2**31 - 1)] = 7,
    data_dir: DataDir = None,
    json_: Json = False,
) -> int:
    """Ingest, learn, trade and report, once; the same command again continues or does nothing."""
    began = time.monotonic()
    settings = load(data_dir=data_dir)
    market = _market(settings, candles, exchange, symbols, timeframe, venue, timerange, steps, history, seed)
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


def _market(
    settings: Settings,
    candles: list[Path] | None,
    exchange: str | None,
    symbols: str | None,
    timeframe: str | None,
    venue: str | None,
    timerange: str | None,
    steps: int,
    history: int,
    seed: int,
) -> Market:
    from cli.session import markets

    chosen = _parted(symbols)
    if timeframe is not None:
        _parsed(timeframe)
    if candles and exchange:
        raise Misconfigured("--candles replays files and --exchange reads a live exchange: choose one")
    window: dict[str, Any] = {"steps": steps, "history": history, "seed": seed}
    if candles:
        span = Timerange.parse(timerange)
        return markets.file_market(
            settings, candles, venue=venue, timeframe=timeframe, symbols=chosen, timerange=span, **window
        )
    if timerange or venue:
        raise Misconfigured("--timerange and --venue belong to --candles")
    if exchange:
        names = chosen or ["BTC/USDT", "ETH/USDT"]
        return markets.live_market(exchange, timeframe=timeframe or "1h", symbols=names, **window)
    return markets.random_market(seed, steps, _parsed(timeframe or "1h"), chosen, history)


def _parted(symbols: str | None) -> list[str] | None:
    """Return each of --symbols once; None when the option was not given."""
    if symbols is None:
        return None
    chosen = list(dict.fromkeys(part.strip() for part in symbols.split(",") if part.strip()))
    if not chosen:
        raise Misconfigured(f"--symbols {symbols!r} names none; write BTC/USDT,ETH/USDT")
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
