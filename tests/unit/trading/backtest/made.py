"""Hand-made backtests: a market of few bars in ticks and lots, and strategies that want what they are told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.unit.trading.made import INSTRUMENT, LIMITS
from trading.backtest.engine import Engine, Setup
from trading.backtest.source import Source
from trading.instrument import Instrument
from trading.simulation.grid import GridBars
from trading.simulation.path import TickBar
from trading.strategies.knowledge import Knowledge
from trading.strategies.strategy import Desire, Parameters, Registered, Row, quantize
from trading.timeframe import EPOCH, Timeframe

START = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = Timeframe.parse("1h")
BTC = INSTRUMENT
ETH = replace(INSTRUMENT, symbol="ETH/USDT", base="ETH")
#: No order of these tests meets a second level of the ladder.
PLENTY = 100_000_000
#: What one bar is told: (open, high, low, close) in ticks of 0.01, None for no bar.
Prices = tuple[int, int, int, int] | None


class Obedient(Parameters):
    """No parameters."""


def obedient(name: str) -> Registered:
    """The strategy `name`, which wants of a symbol what its row says under that name: exposure or (exposure, stop)."""

    def desire(row: Row, parameters: Obedient) -> Desire:
        wanted: Any = row[name]
        exposure, stop = wanted if isinstance(wanted, tuple) else (wanted, None)
        return Desire(quantize(exposure), None if stop is None else quantize(stop), f"{name} was told so")

    return Registered(desire, Obedient, lambda _: (name,))


def opened(step: int) -> datetime:
    """When the bar of `step` opens; -1 is the last one before the start."""
    return START + step * HOUR.delta


def still(price: int) -> Prices:
    return price, price, price, price


def grid(bars: Mapping[str, Sequence[Prices]], volume: int = PLENTY) -> GridBars:
    """The first bar of each symbol is the last one before the start."""
    made = GridBars(bars)
    for symbol, told in bars.items():
        for step, prices in enumerate(told, start=-1):
            if prices is not None:
                made.append(symbol, [TickBar(round((opened(step) - EPOCH).total_seconds() * 1000), *prices, volume)])
    return made


@dataclass
class Told(Source):
    """A source by hand: knowledge by bar and symbol, and which check closes which gate."""

    known: dict[datetime, dict[str, Knowledge]] = field(default_factory=dict)
    closed: Mapping[datetime, Mapping[str, str]] = field(default_factory=dict)

    def at(self, bar: datetime) -> Mapping[str, Knowledge]:
        return self.known.get(bar, {})

    def closed_by(self, bar: datetime) -> Mapping[str, str]:
        return self.closed.get(bar, {})


def told(
    bars: Mapping[str, Sequence[Prices]], wants: Mapping[str, Mapping[str, Sequence[Any]]], volatility: float = 0.0001
) -> Told:
    """What `wants` says by symbol and strategy, bar by bar from the one before the start on; the close is the bar's."""
    source = Told()
    for symbol, by_name in wants.items():
        for place, prices in enumerate(bars[symbol]):
            features = {name: wanted[place] for name, wanted in by_name.items() if place < len(wanted)}
            if prices is not None and features:
                candle = {"close": float(prices[3] * BTC.tick)}
                known = Knowledge(candle, {"volatility_24": volatility, **features})
                source.known.setdefault(opened(place - 1), {})[symbol] = known
    return source


def setup(
    steps: int, strategies: Sequence[str] = ("one",), instruments: Sequence[Instrument] = (BTC,), **changes: Any
) -> Setup:
    """1,000 USDT, half a spread of one basis point: one tick at 100."""
    fields: dict[str, Any] = {
        "book": "book",
        "venue": "venue",
        "timeframe": HOUR,
        "instruments": instruments,
        "strategies": {name: Obedient() for name in strategies},
        "start": START,
        "steps": steps,
        "capital": Decimal(1000),
        "limits": LIMITS,
        **changes,
    }
    return Setup(**fields)


def engine(
    bars: Sequence[Prices],
    wants: Sequence[Any],
    known: Mapping[int, Knowledge | None] | None = None,
    closed: Mapping[int, Mapping[str, str]] | None = None,
    **changes: Any,
) -> Engine:
    """One strategy, "one", on one symbol; what it wants begins with the bar before the start.

    `known` says by step what is known of its bar instead, None for nothing; `closed` which gates are closed then.
    """
    panel = {BTC.symbol: bars}
    steps = changes.pop("steps", len(bars) - 1)
    source = told(panel, {BTC.symbol: {"one": wants}})
    for step, one in (known or {}).items():
        source.known[opened(step)] = {} if one is None else {BTC.symbol: one}
    source.closed = {opened(step): why for step, why in (closed or {}).items()}
    return Engine(setup(steps, **changes), grid(panel), source)


def after(step: int, milliseconds: int = 0) -> datetime:
    """So long after the bar of `step` opened."""
    return opened(step) + timedelta(milliseconds=milliseconds)
