"""Numbers of the kernel beyond 64 bits: compared, divided and rounded as whole numbers and decimals are."""

import random
from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np
import pytest

from trading.backtest.compiled.exact import decimals, exceeds, nearest, whole_part
from trading.backtest.compiled.rules import TREND, desired
from trading.strategies.trend import Trend, desire


def wrapped(value: int) -> np.int64:
    return np.array([value % 2**64], dtype=np.uint64).astype(np.int64)[0]


@pytest.fixture(autouse=True)
def _wraps():
    with np.errstate(over="ignore"):
        yield


def test_what_does_not_fit_is_compared_and_divided_to_the_unit(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(3_000):
        divisor = chance.randrange(1, 2**60)
        whole = chance.randrange(2 ** chance.randrange(1, 40))
        value = whole * divisor + chance.choice([0, 1, divisor - 1, chance.randrange(divisor)])
        assert whole_part(wrapped(value), float(value), np.int64(divisor)) == value // divisor
        other = value + chance.choice([-1, 0, 1, divisor])
        assert exceeds(wrapped(value), float(value), wrapped(other), float(other)) == (value > other)


def test_halves_of_quotients_go_to_even(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(3_000):
        divisor = chance.choice([2, 4, 10, 1000, 10**8, chance.randrange(1, 2**40)])
        factor = chance.randrange(1, 1000)
        value = chance.choice([divisor // 2 * chance.randrange(1000), chance.randrange(2**50)])
        exact = (Decimal(value * factor) / divisor).to_integral_value(ROUND_HALF_EVEN)
        assert nearest(np.int64(value), factor, divisor) == int(exact)


def test_floats_are_rounded_by_their_text(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(5_000):
        half = (2 * chance.randrange(20_000) + 1) / 20_000
        value = chance.choice([half, np.nextafter(half, 9), np.nextafter(half, 0), chance.random(), half * 3 / 3])
        expected = Decimal(repr(float(value))).quantize(Decimal("0.0001"), rounding=ROUND_HALF_EVEN)
        assert decimals(float(value), 10_000) == int(expected * 10_000), value


def test_a_trend_that_is_half_a_step_too_weak_is_rounded_as_the_strategy_does(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(3_000):
        full, step = chance.choice([40.0, 30.0, 25.0, 70.0]), chance.choice([0.25, 0.1, 0.3, 0.15, 0.7])
        one = Trend(entry=1.0, least_strength=0.0, full_strength=full, step=step, stop_multiple=3.0)
        strength = (chance.randrange(8) + 0.5) * step * full
        strength = chance.choice(
            [strength, np.nextafter(strength, 0), np.nextafter(strength, 99), float(round(strength))]
        )
        row = {"ema_gap_48": 2.0, "adx_14": float(strength), "volatility_24": 0.01, "held_exposure": 0.0}
        values = (one.entry, one.exit, one.least_strength, full, one.max_exposure, step, one.stop_multiple)
        exposure, distance = desired(False, TREND, values, 2.0, float(strength), 2.0, 2.0, 0.01)
        expected = desire(row, one)
        assert decimals(float(exposure), 10_000) == int(expected.exposure * 10_000), (full, step, strength)
        assert decimals(distance, 10_000) == int((expected.stop or 0) * 10_000)
