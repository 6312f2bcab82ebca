"""Random cases for kernel and engine alike: nasty markets, limits, costs, and what is wanted bar by bar."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from tests.unit.trading.backtest.made import Told
from trading.backtest.compiled.inputs import Wishes
from trading.backtest.engine import Engine, Setup
from trading.backtest.ground import Terms, Window
from trading.backtest.result import Backtest
from trading.backtest.sweep import Ground, ground, wanted
from trading.instrument import Instrument
from trading.limits import Limits
from trading.simulation import random_market
from trading.simulation.grid import GridBars, on_grid
from trading.simulation.path import TickBar
from trading.simulation.random_market import SPECS
from trading.strategies.knowledge import Knowledge
from trading.strategies.strategy import Parameters
from trading.timeframe import EPOCH, Timeframe

START = datetime(2026, 3, 2, tzinfo=UTC)
SYMBOL = "BTC/USDT"
HIGHER = ("ema_gap_12_x4", "ema_gap_12_x24", "return_6_x4", "return_6_x24")
TESTS = ("dickey_fuller_168", "half_life_168")
COLUMNS = ("ema_gap_12", "ema_gap_48", "adx_14", "close_z_24", "regime", *TESTS, *HIGHER)


@dataclass(frozen=True)
class Case:
    """One strategy on one symbol: what engine and kernel are both given."""

    setup: Setup
    bars: Sequence[TickBar]
    source: Told
    columns: Sequence[str] = COLUMNS

    @property
    def instrument(self) -> Instrument:
        return self.setup.instruments[0]

    def run(self) -> Backtest:
        grid = GridBars([SYMBOL])
        grid.append(SYMBOL, self.bars)
        return Engine(self.setup, grid, self.source).run()

    def ground(self) -> Ground:
        """Raises Misconfigured where the kernel cannot count so finely."""
        setup = self.setup
        window = Window(setup.timeframe, setup.start, setup.steps)
        terms = Terms(self.instrument, setup.limits, setup.capital, setup.half_spread_bps)
        return ground(self.bars, self.source, window, terms, self.columns)


def case(chance: random.Random, name: str, parameters: Parameters, steps: int = 48) -> Case:
    """A case of `steps` bars for the strategy `name`; what it is shown are columns of all names that are tested."""
    timeframe = Timeframe.parse(chance.choice(["1h", "1h", "1d", "5m"]))
    instrument, reach = _instrument(chance), chance.choice([15, 400, 10_000, 2_000_000])
    if chance.random() < 0.2:
        instrument, bars = _random_market(chance, instrument, timeframe, steps)
    else:
        bars = _bars(chance, timeframe, chance.choice([6_000_000, 10_000, 10_000, 700, 60, 4]), reach, steps)
    worth = instrument.tick * instrument.lot * (bars[0].open if bars else 1) * reach
    capital = max(round(worth, chance.choice([0, 2, 2, 4])), Decimal("0.5"))
    setup = Setup(
        "book",
        "venue",
        timeframe,
        [instrument],
        {name: parameters},
        START,
        steps,
        capital,
        _limits(chance, capital),
        Decimal(chance.choice(["0", "1", "1", "10", "0.3", "200", "3000", "11000"])),
    )
    return Case(setup, bars, _told(chance, setup, bars))


def _instrument(chance: random.Random) -> Instrument:
    steps = ["0.01 0.001", "0.01 0.001", "0.01 0.00001", "0.0001 0.1", "0.5 0.25", "0.00000001 1", "25 0.00000001"]
    tick, lot = (Decimal(step) for step in chance.choice([*steps, "0.1 0.0000000001"]).split())
    least = lot * chance.choice([1, 1, 3, 7]) + (lot / 2 if chance.random() < 0.1 else 0)
    value = chance.choice([0, 1, 5, 40]) * tick * lot * chance.choice([1, 60, 10_000])
    fee = Decimal(chance.choice(["0", "0.001", "0.001", "0.00075", "0.0333", "0.000123"]))
    return Instrument("venue", SYMBOL, "BTC", "USDT", tick, lot, least, value, fee, fee)


def _random_market(
    chance: random.Random, instrument: Instrument, timeframe: Timeframe, steps: int
) -> tuple[Instrument, list[TickBar]]:
    """A stretch of a random market of the product, on the grid that it is made on."""
    spec = chance.choice(SPECS)
    grid = replace(instrument, tick=Decimal(str(spec.tick)), lot=Decimal(str(spec.lot)))
    grid = replace(grid, min_quantity=grid.lot, min_notional=Decimal(chance.choice([0, 5])))
    first, end = START - timeframe.delta, START + steps * timeframe.delta
    # Few seeds, for what their markets have in common is made once.
    panel = random_market.bars(chance.randrange(4), [spec], timeframe, first, end)
    return grid, [*on_grid(panel, grid)]


def _limits(chance: random.Random, capital: Decimal) -> Limits:
    return Limits(
        target_volatility=Decimal(chance.choice(["0.02", "0.005", "0.3", "1"])),
        max_position=Decimal(chance.choice(["0.95", "0.95", "0.5", "0.333", "0.07"])),
        max_order_value=capital * Decimal(chance.choice(["10", "10", "0.4"])),
        max_drawdown=Decimal(chance.choice(["0.2", "1", "0.05", "0.001"])),
        price_collar=Decimal(chance.choice(["0.1", "0.1", "1", "0.01"])),
        min_rebalance=Decimal(chance.choice(["0.05", "0.05", "0", "0.01", "0.3"])),
        cash_buffer=Decimal(chance.choice(["0.02", "0", "0.05"])) if chance.random() < 0.5 else Decimal("0.02"),
    )


def _bars(chance: random.Random, timeframe: Timeframe, level: int, reach: int, steps: int) -> list[TickBar]:
    wild, missing, still = chance.choice([0.002, 0.02, 0.1]), chance.choice([0, 0, 0.1]), chance.choice([0, 0.1])
    volume = chance.choice([10**9, reach * 200, reach * 10, reach, 150])
    begins = round((START - EPOCH).total_seconds() * 1000)
    price, bars = float(level), []
    first = -chance.choice([1, 1, 1, 3, 0])
    for step in range(first, steps + chance.choice([0, 1, 1])):
        gap = chance.random() < 0.1
        opened = max(1, round(price * (1 + chance.gauss(0, 3 * wild if gap else wild / 9))))
        close = max(1, round(opened * (1 + chance.gauss(0, wild))))
        wick = 4 if chance.random() < 0.1 else 0.5
        high = round(max(opened, close) * (1 + abs(chance.gauss(0, wick * wild))))
        low = max(1, round(min(opened, close) * max(0.0, 1 - abs(chance.gauss(0, wick * wild)))))
        price = max(float(close), 2.0)
        lots = 0 if chance.random() < still else round(volume * chance.choice([1, 1, 0.1, 3]))
        if chance.random() >= missing:
            at = begins + step * timeframe.milliseconds
            bars.append(TickBar(at, opened, high, low, close, lots))
    return bars


def _told(chance: random.Random, setup: Setup, bars: Sequence[TickBar]) -> Told:
    source, wanted, stop = Told(), 0.0, None
    calm, silent, shut = chance.choice([0.0001, 0.001, 0.02]), chance.choice([0, 0.1]), chance.choice([0, 0.15])
    often = chance.choice([0.1, 0.5])
    higher: dict[str, float | None] = dict.fromkeys(HIGHER, 0.5)
    for bar in bars:
        at = EPOCH + timedelta(milliseconds=bar.opened)
        if chance.random() < often:
            wanted = chance.choice([0.0, 0.0, 0.25, 0.5, 1.0, chance.random()])
            stop = chance.choice([None, 0.001, 0.02, 0.1, chance.uniform(0.001, 0.5)])
        volatility: float | None = calm * chance.choice([1, 1, chance.uniform(0.5, 2)])
        if chance.random() < 0.04:
            volatility = chance.choice([None, 0.0, 1e-12, 0.5])
        features: dict[str, Any] = {
            "volatility_24": volatility,
            "obedient": (wanted, stop),
            "ema_gap_12": _number(chance, 1.0),
            "ema_gap_48": _number(chance, 2.0),
            "adx_14": _number(chance, 20.0, 30.0),
            "close_z_24": _number(chance, 1.5),
            "dickey_fuller_168": _number(chance, 1.0, -3.0),
            "half_life_168": _number(chance, 10.0, 20.0),
        }
        # What a higher timeframe says stays for a while.
        higher = {name: _number(chance, 0.4, 0.4) if chance.random() < 0.3 else higher[name] for name in HIGHER}
        features |= higher
        regime = {"regime": chance.choice(["calm", "calm", "normal", "turbulent", None])}
        told = Knowledge({"close": float(bar.close * setup.instruments[0].tick)}, features, {}, regime)
        if chance.random() >= silent:
            source.known[at] = {SYMBOL: told}
        if chance.random() < shut:
            source.closed[at] = {SYMBOL: "shut"}
    return source


def _number(chance: random.Random, deviation: float, mean: float = 0.0) -> float | None:
    return None if chance.random() < 0.02 else chance.gauss(mean, deviation)


def moments(case: Case, tested: Backtest) -> list[tuple[int, ...]]:
    """The fills of a backtest as the kernel tells them: moment, side, ticks, lots."""
    length, one = case.setup.timeframe.milliseconds, case.instrument
    corners = {0: 0, length // 3: 1, 2 * length // 3: 2, length - 1: 3}
    found = []
    for fill in tested.fills:
        since = round((fill.ts - case.setup.start).total_seconds() * 1000)
        moment = 4 * (since // length + 1) + corners[since % length]
        found.append((moment, fill.side.sign, int(fill.price / one.tick), int(fill.quantity / one.lot)))
    return found


def wishes(case: Case) -> Wishes:
    """Exposures and stops by slot, as the obedient strategy wants them."""
    measures = np.full((2, case.setup.steps + 2), np.nan)
    for at, by_symbol in case.source.known.items():
        slot = (at - case.setup.start) // case.setup.timeframe.delta + 1
        if 0 <= slot < measures.shape[1]:
            exposure, stop = by_symbol[SYMBOL].features["obedient"]
            measures[:, slot] = exposure, np.nan if stop is None else stop
    return wanted(measures[:1], measures[1:])
