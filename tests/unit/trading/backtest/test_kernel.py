"""The kernel against the engine: the same fills to the tick and the lot, the same money, on whatever market."""

import random
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from tests.unit.trading.backtest.kernel_cases import SYMBOL, Case, case, moments, wishes
from tests.unit.trading.backtest.made import BTC, HOUR, PLENTY, START, Obedient, obedient, setup, still, told
from tests.unit.trading.made import LIMITS
from trading.backtest import kernel
from trading.backtest.compiled.inputs import Wishes
from trading.backtest.sweep import Ground, wishes_of
from trading.errors import Misconfigured
from trading.simulation.path import TickBar
from trading.strategies import registry
from trading.strategies.mean_reversion import MeanReversion
from trading.strategies.strategy import Parameters
from trading.strategies.trend import Trend
from trading.timeframe import EPOCH

CASES, RULED = 300, 60
CLOSE = 1e-9


@pytest.fixture(scope="module", autouse=True)
def _obedient():
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(registry.STRATEGIES, "obedient", obedient("obedient"))  # pyright: ignore[reportArgumentType]
        yield


def compared(made: Case, ground: Ground, wished: Wishes, seed: int) -> int:
    """Compare both; return how many fills there were."""
    tested = made.run()
    measured, curve, fills = kernel.traced(ground.market, ground.known, ground.rules, wished)
    assert [tuple(map(int, fill[:4])) for fill in fills] == moments(made, tested), f"seed {seed}"
    fees = [
        Decimal(int(fill[4])) / int(ground.rules.base_ones if fill[1] == 1 else ground.rules.quote_ones)
        for fill in fills
    ]
    assert fees == [fill.fee for fill in tested.fills], f"seed {seed}"
    expected = np.array([float(point.equity) for point in tested.curve])
    assert curve == pytest.approx(expected, rel=CLOSE, abs=0), f"seed {seed}"
    told = dict(zip(kernel.MEASURED, measured, strict=True))
    assert told["equity"] == curve[-1]
    assert told["fees"] == pytest.approx(float(tested.curve[-1].fees), rel=CLOSE, abs=0), f"seed {seed}"
    assert told["positions"] == pytest.approx(float(tested.curve[-1].positions), rel=CLOSE, abs=0), f"seed {seed}"
    earned = expected[1:] / expected[:-1] - 1
    for name, sums in (("sum", earned), ("squares", earned**2), ("cubes", earned**3), ("fourths", earned**4)):
        assert told[name] == pytest.approx(sums.sum(), rel=CLOSE, abs=1e-12), f"{name}, seed {seed}"
    assert told["losses"] == pytest.approx((np.minimum(earned, 0) ** 2).sum(), rel=CLOSE, abs=1e-12), f"seed {seed}"
    below = (expected / np.maximum.accumulate(expected) - 1).min()
    assert told["drawdown"] == pytest.approx(below, rel=CLOSE, abs=1e-12), f"seed {seed}"
    return len(fills)


def test_what_is_told_bar_by_bar_is_traded_as_the_engine_does(seed: int) -> None:
    done = filled = 0
    for number in range(CASES):
        made = case(random.Random(seed + number), "obedient", Obedient())
        try:
            ground = made.ground()
        except Misconfigured:
            continue
        done, filled = done + 1, filled + compared(made, ground, wishes(made), seed + number)
    # A few cases have steps too fine for their money.
    assert done > 0.8 * CASES
    assert filled > 10 * done


def test_a_stop_is_forgotten_once_nothing_is_wanted_though_too_little_to_sell_is_left() -> None:
    # What is left of the first position is less than the least quantity; the second has a lower stop nevertheless.
    prices = [10_000] * 6 + [9_000] * 3
    opened = round((START - HOUR.delta - EPOCH).total_seconds() * 1000)
    bars = [TickBar(opened + place * HOUR.milliseconds, *[price] * 4, PLENTY) for place, price in enumerate(prices)]
    wanted = [(0.5, 0.02), (0.1, 0.02), *[(0.0, None)] * 4, (0.5, 0.02), (0.5, 0.02)]
    source = told({SYMBOL: [still(price) for price in prices]}, {SYMBOL: {"obedient": wanted}})
    limits = LIMITS.model_copy(update={"max_drawdown": Decimal(1)})
    instrument = replace(BTC, min_quantity=Decimal(2))
    made = Case(setup(8, ["obedient"], [instrument], start=START, limits=limits), bars, source, ())
    assert compared(made, made.ground(), wishes(made), 0) == 3


def trend(chance: random.Random) -> Trend:
    least = chance.choice([0.0, 15.0, 20.0])
    return Trend(
        gap=chance.choice(["ema_gap_12", "ema_gap_48"]),
        entry=chance.choice([0.5, 1.0, chance.uniform(0, 2)]),
        exit=chance.choice([-0.5, 0.0, chance.uniform(-3, -0.1)]),
        least_strength=least,
        full_strength=chance.choice([20.0, 40.0, chance.uniform(21, 90)]),
        max_exposure=chance.choice([1.0, 0.5, chance.uniform(0.1, 1)]),
        step=chance.choice([0.25, 0.1, 1.0, chance.uniform(0.01, 1)]),
        stop_multiple=chance.choice([0.0, 3.0, 8.0, chance.uniform(0, 100)]),
    )


def mean_reversion(chance: random.Random) -> MeanReversion:
    return MeanReversion(
        entry=chance.choice([1.0, chance.uniform(0.1, 2)]),
        exit=chance.choice([0.0, chance.uniform(-2, 0)]),
        exposure=chance.choice([0.5, 1.0, chance.uniform(0.1, 1)]),
        regimes=chance.choice([("calm",), ("calm", "normal"), ("turbulent", "calm", "normal")]),
        stop_multiple=chance.choice([0.0, 8.0, chance.uniform(0, 100)]),
    )


@pytest.mark.parametrize(("name", "drawn"), [("trend", trend), ("mean_reversion", mean_reversion)])
def test_a_rule_of_the_kernel_is_the_strategy_of_that_name(name: str, drawn, seed: int) -> None:
    filled = 0
    for number in range(RULED):
        chance = random.Random(seed + number)
        one: Parameters = drawn(chance)
        made = case(chance, name, one)
        try:
            ground = made.ground()
        except Misconfigured:
            continue
        filled += compared(made, ground, wishes_of(ground, [one]), seed + number)
    assert filled > 10 * RULED
