"""No feature and no label sees what comes later: random truncations of each, and planted leaks that must be caught."""

import os
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from adapters.indicator_files import shipped
from models import labels
from models.regime import gaussian_mixture
from models.splits import walk_forward
from tests.fakes.random_panel import random_panel
from trading.indicators.causality import leaks
from trading.indicators.combine import combine, inputs
from trading.indicators.custom import Indicator, custom, indicator
from trading.indicators.registry import BUILT_IN, Family, families
from trading.indicators.technical import technical_features
from trading.market.resample import resample
from trading.market.volume_profile import volume_profiles
from trading.timeframe import Timeframe

#: How many truncations of each family and label.
TRUNCATIONS = int(os.environ.get("TRADEWIND_TEST_TRUNCATIONS", "200"))
HOUR = Timeframe.parse("1h")
BARS = 430

Compute = Callable[[pl.DataFrame], pl.DataFrame]


@indicator("up_share_10", warm_up=11)
def up_share(bars: pl.DataFrame) -> pl.Expr:
    """Share of rising bars among the last ten."""
    return (pl.col("close") > pl.col("close").shift(1)).cast(pl.Float64).rolling_mean(10)


def registered() -> dict[str, Family]:
    return {family.name: family for family in families(shipped().combinations, [up_share])}


def cuts(panel: pl.DataFrame, seed: int, count: int = TRUNCATIONS) -> list[datetime]:
    times = panel["ts"].unique().sort().to_list()[:-1]
    return random.Random(seed).sample(times, min(count, len(times)))


def daily(panel: pl.DataFrame) -> pl.DataFrame:
    """Volume profiles by the last bar of their day: when they are known."""
    return volume_profiles(panel, HOUR).with_columns(ts=pl.col("closed_at") - HOUR.delta)


def test_every_family_is_here() -> None:
    assert list(registered()) == [*(family.name for family in BUILT_IN), "combinations", "custom"]
    assert all(family.columns for family in registered().values())


@pytest.mark.parametrize("name", [name for name in registered() if name != "combinations"])
def test_no_feature_changes_with_later_bars(name: str, seed: int) -> None:
    panel, family = random_panel(seed, BARS, ("A/USD",), gaps=seed % 20), registered()[name]
    assert leaks(lambda part: family.compute(part, HOUR), panel, cuts(panel, seed)) == []


def test_no_combination_changes_with_later_bars(seed: int) -> None:
    # their inputs are the families of the test before: all cuts of the expressions, and some of the whole way
    panel, chosen = random_panel(seed, BARS, ("A/USD",), gaps=seed % 20), shipped().combinations
    rows = inputs(panel, HOUR)
    assert leaks(lambda part: combine(part, chosen), rows, cuts(panel, seed)) == []
    whole = registered()["combinations"]
    assert leaks(lambda part: whole.compute(part, HOUR), panel, cuts(panel, seed, TRUNCATIONS // 20)) == []


def test_no_regime_changes_with_later_bars(seed: int) -> None:
    features = technical_features(random_panel(seed, 600, ("A/USD",)), HOUR)
    model = gaussian_mixture.fit(features, 1)
    known = features.drop_nulls(gaussian_mixture.FEATURES)
    assert leaks(lambda part: gaussian_mixture.predict(model, part), known, cuts(known, seed, TRUNCATIONS // 20)) == []


def test_no_volume_profile_changes_after_its_day(seed: int) -> None:
    # a day is known with its last bar only where that bar is not missing
    panel = random_panel(seed, BARS, ("A/USD",))
    assert leaks(daily, panel, cuts(panel, seed)) == []


VOLATILITY = (pl.col("close") / pl.col("close").shift(1)).log().rolling_std(24).over("symbol")
LABELS: dict[str, Compute] = {
    "forward_return": lambda panel: labels.forward_return(panel, HOUR, 4),
    "direction": lambda panel: labels.direction(panel, HOUR, 4),
    "volatility": lambda panel: labels.volatility(panel, HOUR, 4),
    "triple_barrier": lambda panel: labels.triple_barrier(
        panel, panel.select("symbol", "ts", volatility_24=VOLATILITY), HOUR, 6, 1.0, 1.0
    ),
}


def early_labels(compute: Compute, panel: pl.DataFrame, times: list[datetime]) -> list[datetime]:
    """Return the cuts at which a label is told before its t1, or changes with what comes after t1."""
    whole = compute(panel).drop_nulls("label")
    found = []
    for cut in times:
        known = whole.filter(pl.col("t1") <= cut + HOUR.delta)
        if not compute(panel.filter(pl.col("ts") <= cut)).drop_nulls("label").equals(known):
            found.append(cut)
    return found


@pytest.mark.parametrize("name", LABELS)
def test_no_label_is_told_before_its_time(name: str, seed: int) -> None:
    panel = random_panel(seed, BARS, gaps=seed % 20)
    assert early_labels(LABELS[name], panel, cuts(panel, seed)) == []


def test_a_label_whose_time_is_too_early_is_caught(seed: int) -> None:
    panel = random_panel(seed, BARS)

    def hasty(part: pl.DataFrame) -> pl.DataFrame:
        return labels.forward_return(part, HOUR, 4).with_columns(t1=pl.col("t1") - timedelta(hours=1))

    assert early_labels(hasty, panel, cuts(panel, seed, 20))


def overlapping(splits: list[tuple[np.ndarray, np.ndarray]], rows: pl.DataFrame) -> int:
    """Return how many folds train on a label that reaches past the first test decision."""
    return sum(rows["t1"].gather(train).max() > rows["t0"].gather(test).min() for train, test in splits)


def test_a_split_never_trains_on_a_label_of_the_test_and_one_that_does_is_caught() -> None:
    rows = labels.forward_return(random_panel(3, BARS), HOUR, 6).drop_nulls()
    purged = [(split.train, split.test) for split in walk_forward(rows["t0"], rows["t1"], 4)]
    assert overlapping(purged, rows) == 0
    # planted: label overlap
    naive = [((rows["t0"] < rows["t0"].gather(test).min()).arg_true().to_numpy(), test) for _, test in purged]
    assert overlapping(naive, rows) == 4


def by_symbol(value: pl.Expr) -> Compute:
    return lambda panel: panel.select("symbol", "ts", leaky=value.over("symbol"))


def higher(panel: pl.DataFrame, strategy: str, on: str) -> pl.DataFrame:
    """Join the 4-hour close to each bar: rightly backward by the closes of both, or in a wrong way."""
    bars = panel.with_columns(closed_at=pl.col("ts") + HOUR.delta)
    four = resample(panel, HOUR, 4).select("symbol", leaky=pl.col("close"), closed_at="closed_at", opened="ts")
    right = four.select("symbol", "leaky", closed_at=on).sort("closed_at")
    joined = bars.sort("closed_at").join_asof(
        right, on="closed_at", by="symbol", strategy=strategy, check_sortedness=False
    )
    return joined.select("symbol", "ts", "leaky").sort("symbol", "ts")


def smoothed(panel: pl.DataFrame) -> pl.DataFrame:
    """A regime told by the forward and the backward pass together, as a smoother does."""
    move = (pl.col("close") / pl.col("close").shift(1)).log().abs().fill_null(0)
    forward, backward = move.ewm_mean(alpha=0.1), move.reverse().ewm_mean(alpha=0.1).reverse()
    return panel.select("symbol", "ts", leaky=((forward + backward) / 2 > 0.004).cast(pl.Int8).over("symbol"))


CLOSE = pl.col("close")
PLANTED: dict[str, Compute] = {
    "centred window": by_symbol(CLOSE.rolling_mean(5, center=True)),
    "wrong join side": lambda panel: higher(panel, "forward", "closed_at"),
    "future fill": by_symbol(pl.when(CLOSE.shift(1) < CLOSE).then(CLOSE).fill_null(strategy="backward")),
    "smoothed regime": smoothed,
    "z-score over all": by_symbol((CLOSE - CLOSE.mean()) / CLOSE.std()),
    "shift by -1": by_symbol(CLOSE.shift(-1)),
    "resample told by its open": lambda panel: higher(panel, "backward", "opened"),
    "quantile of all": by_symbol(CLOSE.rank() / pl.len()),
    "maximum of all": by_symbol(CLOSE / pl.col("high").max()),
    "trend line of all": by_symbol(CLOSE - CLOSE.last() * pl.int_range(pl.len()) / pl.len()),
    "interpolated gaps": by_symbol(pl.when(pl.col("volume") > 20).then(CLOSE).interpolate()),
    "indicator of all rows": lambda panel: custom(
        panel, [Indicator("leaky", 0, "", lambda bars: CLOSE / bars["close"][-1])]
    ),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_leak_is_caught(name: str) -> None:
    # one seed: where prices fall from the first bar on, the maximum of all bars is known at once
    panel = random_panel(31, 300)
    assert {leak.column for leak in leaks(PLANTED[name], panel, cuts(panel, 31, 20))} == {"leaky"}


def test_what_is_planted_without_the_mistake_is_not_caught(seed: int) -> None:
    panel = random_panel(seed, 300)
    honest = (
        lambda part: higher(part, "backward", "closed_at"),
        by_symbol(CLOSE.rolling_mean(5)),
        by_symbol(CLOSE / pl.col("high").cum_max()),
    )
    for compute in honest:
        assert leaks(compute, panel, cuts(panel, seed, 20)) == []


@pytest.mark.data
@pytest.mark.parametrize("name", [*registered()])
def test_no_feature_of_real_bars_changes_with_later_bars(name: str, seed: int) -> None:
    folder = Path(os.environ["TRADEWIND_TEST_DATA"]) / "candles" / "1h_binance"
    bars = pl.read_parquet(folder / "binance_BTCUSDT_1h.parquet").sort("ts")
    start = random.Random(seed).randrange(0, bars.height - BARS)
    panel = bars[start : start + BARS].select(
        pl.lit("BTC/USDT").alias("symbol"), "ts", "open", "high", "low", "close", "volume"
    )
    family = registered()[name]
    assert leaks(lambda part: family.compute(part, HOUR), panel, cuts(panel, seed, TRUNCATIONS // 20)) == []
