"""The three markets a run can trade on: seeded random, candle files, or the recent past of a live exchange."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapters.settings import Settings
from cli.session.plan import RunPlan, Timerange, Trading, Window, choose_window, one_quote
from trading.errors import Misconfigured, Unavailable
from trading.instrument import Instrument, split_symbol
from trading.timeframe import Timeframe

if TYPE_CHECKING:
    import polars as pl

    from trading.market.clean import Vetted

#: The random market of a plain run ends here; every window before it is a pure function of the seed.
RANDOM_END = datetime(2026, 1, 1, tzinfo=UTC)
RANDOM_DAYS = 120
_FEE = Decimal("0.001")


@dataclass(frozen=True)
class Market:
    """A plan, the bars to replay by symbol (none for the random market), and what was set aside of them."""

    plan: RunPlan
    bars: Mapping[str, "pl.DataFrame"]
    vetted: Mapping[str, "Vetted"]


def random_market(timeframe: Timeframe, symbols: Sequence[str] | None, trading: Trading) -> Market:
    """Return the seeded market: three instruments, or `symbols` out of ten; the last bars of 120 days traded.

    Raises:
        Misconfigured: it has no such symbol, or its days are too few for what is to be traded.
    """
    from trading.simulation.random_market import DEFAULT_SPECS, SPECS

    known = {spec.symbol: spec for spec in SPECS}
    unknown = sorted(set(symbols or ()) - set(known))
    if unknown:
        raise Misconfigured(f"--symbols {', '.join(unknown)}: the random market has {', '.join(known)}")
    first = RANDOM_END - timedelta(days=RANDOM_DAYS)
    window = choose_window(first, RANDOM_END - timeframe.delta, timeframe, trading, Timerange(None, None))
    venue = f"random-{trading.seed}"
    instruments = tuple(
        _instrument(venue, name, *split_symbol(name, ()), _decimal(known[name].tick), _decimal(known[name].lot))
        for name in (symbols or [spec.symbol for spec in DEFAULT_SPECS])
    )
    return Market(
        _plan(venue, timeframe, instruments, window, trading, {"kind": "random", "seed": trading.seed}), {}, {}
    )


def _decimal(step: float) -> Decimal:
    return Decimal(format(Decimal(repr(step)), "f"))


def file_market(
    settings: Settings,
    paths: Sequence[Path],
    *,
    venue: str | None,
    timeframe: str | None,
    symbols: Sequence[str] | None,
    timerange: Timerange,
    trading: Trading,
) -> Market:
    """Return the market that candle files replay, their bad rows set aside with a reason.

    Raises:
        Misconfigured: a file, column, symbol or option is wrong, or no bars are shared; the message names it.
    """
    from adapters.history.candle_files import read
    from trading.market.clean import vet

    files = read(paths, venue=venue, timeframe=timeframe, symbols=symbols, quotes=settings.quotes)
    bar = files[0].timeframe
    vetted = {f.symbol: vet(f.frame, bar) for f in files}
    empty = sorted(symbol for symbol, found in vetted.items() if found.good.is_empty())
    if empty:
        reasons = "; ".join(_quarantine_notes({symbol: vetted[symbol] for symbol in empty}))
        raise Misconfigured(f"no sound bar of {', '.join(empty)} in --candles: {reasons}; leave it out with --symbols")
    # Candles are stored by venue: files that name none are a venue of their own, by what is in them.
    label = files[0].venue or f"files-{_content({s: found.good for s, found in vetted.items()})[:8]}"
    instruments = tuple(_instrument(label, f.symbol, f.base, f.quote, *f.steps()) for f in files)
    one_quote(instruments)
    notes = [note for f in files for note in f.notes]
    notes += [f"{f.paths[0].name}: ignored columns {', '.join(f.ignored)}" for f in files if f.ignored]
    return _window_of(vetted, label, bar, instruments, timerange, trading, notes)


def live_market(exchange: str, *, timeframe: str, symbols: Sequence[str], trading: Trading) -> Market:
    """Return the recent past of a live exchange, read through ccxt, to be traded on paper.

    Raises:
        Misconfigured: ccxt knows no such exchange or symbol, or the exchange cannot be reached from here.
    """
    import polars as pl

    from adapters.exchange.clock import WallClock
    from adapters.exchange.market_data import MarketData
    from trading.candle import BARS
    from trading.market.clean import vet

    clock, bar = WallClock(), Timeframe.parse(timeframe)
    data = MarketData(exchange, clock, venue=exchange)
    now = bar.open_of(clock.now())
    start = now - ((trading.steps or 0) + trading.history) * bar.delta
    try:
        instruments = tuple(data.instruments(symbols))
        one_quote(instruments)
        vetted = {
            symbol: vet(pl.concat([pl.DataFrame(schema=BARS), *data.bars(symbol, bar, start, now)]), bar, now)
            for symbol in symbols
        }
    except Unavailable as error:
        raise Misconfigured(f"--exchange {exchange} needs a network: {error}; --candles FILE... needs none") from error
    empty = sorted(symbol for symbol, found in vetted.items() if found.good.is_empty())
    if empty:
        raise Misconfigured(f"--exchange {exchange} gave no bars of {', '.join(empty)}; leave it out with --symbols")
    return _window_of(vetted, exchange, bar, instruments, Timerange(None, None), trading, [])


def _window_of(
    vetted: Mapping[str, "Vetted"],
    venue: str,
    bar: Timeframe,
    instruments: tuple[Instrument, ...],
    timerange: Timerange,
    trading: Trading,
    notes: list[str],
) -> Market:
    last = _last_shared(vetted, bar, timerange)
    first = min(found.good["ts"].item(0) for found in vetted.values())
    window = choose_window(first, last, bar, trading, timerange)
    end = window.window_start + window.steps * bar.delta
    import polars as pl

    bars = {
        symbol: found.good.filter(pl.col("ts").is_between(window.history_start, end, closed="left"))
        for symbol, found in vetted.items()
    }
    source = {"kind": "files", "sha256": _content(bars)}
    plan = _plan(venue, bar, instruments, window, trading, source)
    said = (*notes, *window.notes, *_quarantine_notes(vetted))
    return Market(replace(plan, notes=said), bars, vetted)


def _plan(
    venue: str,
    bar: Timeframe,
    instruments: tuple[Instrument, ...],
    window: Window,
    trading: Trading,
    source: dict[str, Any],
) -> RunPlan:
    return RunPlan(
        venue,
        bar,
        instruments,
        window.history_start,
        window.window_start,
        window.steps,
        trading.seed,
        source,
        strategies=trading.strategies,
        parameters=trading.parameters,
    )


def _content(bars: Mapping[str, "pl.DataFrame"]) -> str:
    """Return the SHA-256 of all bars, in hex."""
    content = hashlib.sha256()
    for symbol in sorted(bars):
        content.update(symbol.encode() + bars[symbol].write_csv().encode())
    return content.hexdigest()


def _last_shared(vetted: Mapping[str, "Vetted"], bar: Timeframe, timerange: Timerange) -> datetime:
    """Return the newest bar within the range that every symbol has and that is sound of one.

    A bar that was quarantined counts as had: its symbol must not trade on it, the others may.
    """
    sound: set[datetime] = set()
    shared: set[datetime] | None = None
    for found in vetted.values():
        good = set(found.good["ts"])
        sound |= good
        own = good | {ts for ts in found.quarantined["ts"] if ts is not None and bar.open_of(ts) == ts}
        shared = own if shared is None else shared & own
    last = max((ts for ts in (shared or set()) & sound if timerange.holds(ts, bar)), default=None)
    if last is None:
        spans = ", ".join(
            f"{symbol} from {found.good['ts'].item(0):%Y-%m-%d %H:%M} to {found.good['ts'].item(-1):%Y-%m-%d %H:%M}"
            for symbol, found in sorted(vetted.items())
        )
        raise Misconfigured(f"no bar is shared in this range: {spans}; choose other --symbols or --timerange")
    return last


def _quarantine_notes(vetted: Mapping[str, "Vetted"]) -> list[str]:
    from trading.market.clean import HARMLESS

    notes: list[str] = []
    for symbol, found in vetted.items():
        if found.quarantined.height:
            reasons = ", ".join(found.quarantined["reason"].unique().sort())
            first = found.quarantined["ts"].min()
            since = f", the first at {first:%Y-%m-%d %H:%M}" if isinstance(first, datetime) else ""
            notes.append(f"{symbol}: {found.quarantined.height} rows quarantined ({reasons}){since}")
        notes += [
            f"{symbol}: {finding.count} rows {finding.check} ({finding.detail})"
            for finding in found.findings
            if not finding.blocking and finding.check not in HARMLESS
        ]
    return notes


def _instrument(venue: str, symbol: str, base: str, quote: str, tick: Decimal, lot: Decimal) -> Instrument:
    return Instrument(venue, symbol, base, quote, tick, lot, lot, Decimal(5) if quote in _DOLLARS else tick, _FEE, _FEE)


_DOLLARS = ("USDT", "USDC", "BUSD", "FDUSD", "TUSD", "USD", "EUR", "GBP")
