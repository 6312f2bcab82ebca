"""The Dickey-Fuller test and the half-life: least squares window by window, errors as promised, no dust."""

from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from tests.fakes.random_panel import START
from trading.candle import PANEL
from trading.indicators.reversion import BARS, reversion
from trading.indicators.technical import technical_features
from trading.timeframe import Timeframe

Array = NDArray[np.float64]
HOUR = Timeframe.parse("1h")
STATISTIC, HALF_LIFE = "dickey_fuller_168", "half_life_168"
#: MacKinnon (2010), over 168 changes with a constant.
CRITICAL = {0.01: -3.47, 0.05: -2.88, 0.1: -2.58}


def panel(logs: Array, symbol: str = "A/USD") -> pl.DataFrame:
    """Bars of one price each; `logs` are the logs of the closes."""
    close = np.exp(logs)
    times = [START + timedelta(hours=row) for row in range(len(logs))]
    prices = dict.fromkeys(("open", "high", "low", "close"), close)
    return pl.DataFrame({"symbol": symbol, "ts": times, **prices, "volume": 1.0}, schema=PANEL)


def told(logs: Array) -> pl.DataFrame:
    return technical_features(panel(logs), HOUR).select(STATISTIC, HALF_LIFE)


def newest(logs: Array) -> dict[str, float]:
    """Statistic and half-life of the last bar, without the other features."""
    return pl.DataFrame({"close": np.exp(logs)}).select(reversion()).row(-1, named=True)


def reverting(rng: np.random.Generator, half_life: float, bars: int) -> Array:
    """Logs of closes whose distance from their mean halves in `half_life` bars, at a distance that is usual."""
    kept = 0.5 ** (1 / half_life)
    logs = np.empty(bars)
    logs[0] = rng.normal(0, 0.01 / np.sqrt(1 - kept**2))
    for bar, shock in enumerate(rng.normal(0, 0.01, bars - 1), start=1):
        logs[bar] = kept * logs[bar - 1] + shock
    return logs + np.log(30_000)


def walking(rng: np.random.Generator, bars: int) -> Array:
    return np.cumsum(rng.normal(0, 0.01, bars)) + np.log(30_000)


def least_squares(logs: Array) -> tuple[float, float]:
    """t statistic and half-life of one window, by the normal equations as any textbook has them."""
    level, change = logs[:-1], np.diff(logs)
    inputs = np.column_stack([np.ones_like(level), level - level.mean()])
    found, *_ = np.linalg.lstsq(inputs, change, rcond=None)
    rest = change - inputs @ found
    variance = rest @ rest / (len(change) - 2) * np.linalg.inv(inputs.T @ inputs)
    beta = found[1]
    return beta / np.sqrt(variance[1, 1]), -np.log(2) / np.log1p(beta) if -1 < beta < 0 else np.nan


def test_it_is_least_squares_in_every_window(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for logs in (walking(rng, 700), reverting(rng, 4, 700), 0.001 * np.arange(700) + reverting(rng, 1, 700)):
        found = told(logs)
        assert found.head(BARS).null_count().row(0) == (BARS, BARS)
        windows = np.lib.stride_tricks.sliding_window_view(logs, BARS + 1)
        expected = np.array([least_squares(window) for window in windows])
        for name, values in zip((STATISTIC, HALF_LIFE), expected.T, strict=True):
            ours = found[name][BARS:].to_numpy()
            np.testing.assert_array_equal(np.isnan(ours), np.isnan(values))
            np.testing.assert_allclose(1 / ours, 1 / values, rtol=1e-7, atol=1e-10)


def test_random_walks_are_taken_for_reverting_as_often_as_the_test_says(seed: int) -> None:
    rng = np.random.default_rng(seed)
    found = np.array([newest(walking(rng, BARS + 1))[STATISTIC] for _ in range(500)])
    for level, limit in CRITICAL.items():
        # 500 walks: four standard errors to either side.
        reach = 4 * np.sqrt(level * (1 - level) / len(found))
        share = (found <= limit).mean()
        print(f"{level:.0%}: {share:.1%} of {len(found)} random walks")
        assert abs(share - level) < reach, f"seed {seed}"


@pytest.mark.parametrize(("half_life", "power"), [(2.0, 0.99), (4.0, 0.9), (8.0, 0.4)])
def test_reversion_is_found_and_its_half_life_is_near(half_life: float, power: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = pl.DataFrame([newest(reverting(rng, half_life, BARS + 1)) for _ in range(200)])
    share = (rows[STATISTIC] <= CRITICAL[0.05]).mean()
    halved = rows[HALF_LIFE].median()
    print(f"half-life {half_life}: found in {share:.0%}, told as {halved:.2f}")
    assert share >= power, f"seed {seed}"
    # A window makes slow reversion look faster than it is, by so much.
    beta = 0.5 ** (1 / half_life) - 1
    expected = -np.log(2) / np.log1p(beta - (4 + 3 * beta) / BARS)
    assert halved == pytest.approx(expected, rel=0.2), f"seed {seed}"


def test_a_market_that_grows_without_end_has_no_half_life() -> None:
    rng = np.random.default_rng(1)
    growing = np.cumsum(0.001 * 1.02 ** np.arange(300) + rng.normal(0, 0.001, 300))
    leaping = 0.01 * (-1.0) ** np.arange(300) + rng.normal(0, 0.001, 300)
    for logs, sign in ((growing, 1), (leaping, -1)):
        last = told(logs).row(-1, named=True)
        assert np.sign(last[STATISTIC]) == sign
        assert last[HALF_LIFE] is None


def test_windows_that_are_no_sample_have_neither(seed: int) -> None:
    rng = np.random.default_rng(seed)
    lived = walking(rng, 400)
    still = np.full(400, lived[-1])
    step = np.where(np.arange(400) == 0, 0.0, 1e-4) + lived[-1]
    leapt = np.concatenate([still, still[:1] + 1e-4])
    alternating = lived[-1] + 0.01 * (np.arange(400) % 2)
    for name, logs in (("still", still), ("step", step), ("leapt", leapt), ("alternating", alternating)):
        last = told(np.concatenate([lived, logs])).row(-1)
        assert last == (None, None), name


def test_what_was_before_the_window_leaves_no_dust(seed: int) -> None:
    rng = np.random.default_rng(seed)
    logs = walking(rng, 600)
    fallen = logs.copy()
    fallen[:200] += np.log(1e7)
    for ours, theirs in zip(told(fallen)[370:], told(logs)[370:], strict=True):
        np.testing.assert_allclose(1 / ours.to_numpy(), 1 / theirs.to_numpy(), rtol=1e-7, atol=1e-8)
