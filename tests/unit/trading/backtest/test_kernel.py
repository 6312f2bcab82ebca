"""The kernel against the engine: the same fills to the tick and the lot, the same money, on whatever market."""

import random
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

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
from trading.strategies.multi_timeframe import MultiTimeframe
from trading.strategies.strategy import Parameters
from trading.strategies.trend import Trend
from trading.timeframe import EPOCH

D = Decimal
CASES, RULED = 300, 60
CLOSE = 1e-9
#: Where pages end changes nothing; some have one slot, some hold the whole market.
PAGES = (1, 7, 2048)


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


def test_what_is_told_bar_by_bar_is_traded_as_the_engine_does(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    done = filled = 0
    for number in range(CASES):
        monkeypatch.setattr(kernel, "PAGE", PAGES[number % len(PAGES)])
        made = case(random.Random(seed + number), "obedient", Obedient())
        try:
            ground = made.ground()
        except Misconfigured:
            continue
        done, filled = done + 1, filled + compared(made, ground, wishes(made), seed + number)
    # A few cases have steps too fine for their money.
    assert done > 0.8 * CASES
    assert filled > 10 * done


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
        stationarity=chance.choice([0.0, -2.88, chance.uniform(-4, -1)]),
        half_life=chance.choice([0.0, 24.0, chance.uniform(5, 40)]),
    )


def multi_timeframe(chance: random.Random) -> MultiTimeframe:
    return MultiTimeframe(
        base=chance.choice(["ema_gap_12", "ema_gap_48"]),
        entry=chance.choice([0.5, 0.1, chance.uniform(0, 1)]),
        exit=chance.choice([-0.5, 0.0, chance.uniform(-3, -0.1)]),
        higher=chance.choice(["ema_gap_12", "return_6"]),
        confirm=chance.choice([0.0, 0.1, chance.uniform(0, 0.5)]),
        exit_after=chance.choice([1, 2]),
        exposure=chance.choice([0.5, 1.0, chance.uniform(0.1, 1)]),
        stop_multiple=chance.choice([0.0, 8.0, chance.uniform(0, 100)]),
    )


RULES = [("trend", trend), ("mean_reversion", mean_reversion), ("multi_timeframe", multi_timeframe)]


def by_hand(
    bars: Sequence[tuple[int, int, int, int]], wanted: Sequence[object], volumes: Sequence[int] = (), **changes: Any
) -> list[int]:
    """Trade bars (open, high, low, close in ticks) from the one before the start on; return the sides of the fills."""
    opened = round((START - HOUR.delta - EPOCH).total_seconds() * 1000)
    lots = [*volumes, *[PLENTY] * (len(bars) - len(volumes))]
    made = [TickBar(opened + place * HOUR.milliseconds, *bars[place], lots[place]) for place in range(len(bars))]
    source = told({SYMBOL: bars}, {SYMBOL: {"obedient": wanted}})
    limits = LIMITS.model_copy(update=changes.pop("limits", {}))
    instrument = replace(BTC, **changes.pop("instrument", {}))
    terms = setup(len(bars) - 1, ["obedient"], [instrument], start=START, limits=limits, **changes)
    case = Case(terms, made, source, ())
    for page in PAGES:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(kernel, "PAGE", page)
            compared(case, case.ground(), wishes(case), 0)
    return [fill.side.sign for fill in case.run().fills]


def test_a_stop_is_forgotten_once_nothing_is_wanted_though_too_little_to_sell_is_left() -> None:
    # What is left of the first position is less than the least quantity; the second has a lower stop nevertheless.
    wanted = [(0.5, 0.02), (0.1, 0.02), *[(0.0, None)] * 4, (0.5, 0.02), (0.5, 0.02)]
    changes = {"limits": {"max_drawdown": D(1)}, "instrument": {"min_quantity": D(2)}}
    assert by_hand([still(10_000)] * 6 + [still(9_000)] * 3, wanted, **changes) == [1, -1, 1]


def test_the_peak_rises_on_bars_on_which_nothing_else_happens() -> None:
    prices = [still(price) for price in (10_000, 10_000, 10_300, 10_600, 10_900, 9_700, 9_700, 9_700)]
    wanted = [(0.5, None)] * 5 + [(0.9, None)] * 2
    assert by_hand(prices, wanted, limits={"max_drawdown": D("0.05")}) == [1]
    assert by_hand(prices, wanted, limits={"max_drawdown": D("0.2")}) == [1, 1]


def test_what_a_stop_could_not_sell_at_the_open_goes_as_soon_as_there_is_a_ladder_again() -> None:
    # The ladder of the gap holds half of the position; the signal of that moment wants what happens to be left.
    prices = [still(10_000), still(10_000), *[still(9_100)] * 3]
    sides = by_hand(prices, [(0.5, 0.02), (0.24, None), (0.24, None)], [PLENTY, 5_000], limits={"max_drawdown": D(1)})
    # All of it is sold then, and bought back by the next signal.
    assert sides.count(1) == 2
    assert sides.count(-1) > 100


def test_what_is_worth_too_little_to_be_closed_is_kept() -> None:
    # The stop lies above the market, where the position would be worth enough; at the market it is not.
    prices = [still(10_000), still(10_000), still(9_500), still(9_500)]
    wanted = [(0.5, None), (0.5, 0.001), (0.5, 0.001)]
    least = {"instrument": {"min_notional": D("480")}, "limits": {"max_drawdown": D("0.01"), "price_collar": D("0.01")}}
    assert by_hand(prices, wanted, **least) == [1]


def test_the_cent_that_is_nobodys_pays_as_well() -> None:
    changes = {"half_spread_bps": D(530), "instrument": {"min_notional": D(1)}}
    prices = [still(10_000)] * 3
    assert by_hand(prices, [(1.0, None)], capital=D("10.0099"), limits={"cash_buffer": D(0)}, **changes) == [1]
    assert by_hand(prices, [(1.0, None)], capital=D("10.00"), limits={"cash_buffer": D(0)}, **changes) == []


@pytest.mark.parametrize(("name", "drawn"), RULES)
def test_a_rule_of_the_kernel_is_the_strategy_of_that_name(
    name: str, drawn, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled = 0
    for number in range(RULED):
        monkeypatch.setattr(kernel, "PAGE", PAGES[number % len(PAGES)])
        chance = random.Random(seed + number)
        one: Parameters = drawn(chance)
        made = case(chance, name, one)
        try:
            ground = made.ground()
        except Misconfigured:
            continue
        filled += compared(made, ground, wishes_of(ground, [one]), seed + number)
    assert filled > 10 * RULED
