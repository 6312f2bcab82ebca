"""Technical features: causal, scale free, and equal to their definitions."""

import os
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.fakes.random_panel import random_panel
from trading.candle import BARS
from trading.indicators.causality import leaks
from trading.indicators.technical import FACTORS, FEATURES, SCHEMA, STORED, WARM_UP, technical_features
from trading.market.clean import vet
from trading.market.resample import resample
from trading.timeframe import Timeframe

HOUR = Timeframe.parse("1h")


def cuts(panel: pl.DataFrame, count: int, seed: int) -> list:
    times = panel["ts"].unique().sort()
    return random.Random(seed).sample(times.to_list(), count)


def test_there_are_thirty_features_and_more_over_three_timeframes():
    assert len(set(FEATURES)) == len(FEATURES) >= 30
    for factor in FACTORS:
        assert len([name for name in FEATURES if name.endswith(f"_x{factor}")]) >= 5
    features = technical_features(random_panel(1), HOUR)
    assert features.schema == SCHEMA
    assert tuple(features.columns) == ("symbol", "ts", *STORED)


@pytest.mark.parametrize(("seed", "name", "gaps"), [(11, "1h", 0), (12, "1h", 60), (13, "1m", 20), (14, "1d", 0)])
def test_no_feature_changes_when_later_bars_are_cut_away(seed: int, name: str, gaps: int):
    timeframe = Timeframe.parse(name)
    panel = random_panel(seed, 700, step=timeframe.delta, gaps=gaps)
    assert leaks(lambda part: technical_features(part, timeframe), panel, cuts(panel, 20, seed)) == []


def test_the_checker_sees_a_centred_window_and_an_open_higher_bar():
    panel = random_panel(15, 300)

    def centred(part: pl.DataFrame) -> pl.DataFrame:
        mean = pl.col("close").rolling_mean(5, center=True).over("symbol")
        return part.select("symbol", "ts", fair=pl.col("close").shift(1).over("symbol"), leaky=mean)

    def too_early(part: pl.DataFrame) -> pl.DataFrame:
        higher = resample(part, HOUR, 4).select("symbol", "ts", leaky=pl.col("close"))
        return part.select("symbol", "ts").join_asof(higher, on="ts", by="symbol", check_sortedness=False)

    for compute in (centred, too_early):
        found = leaks(compute, panel, cuts(panel, 20, 15))
        assert {leak.column for leak in found} == {"leaky"}
    assert all(leak.first_ts <= leak.cut for leak in leaks(centred, panel, cuts(panel, 20, 15)))


def test_the_checker_sees_rows_that_come_and_go():
    panel = random_panel(16, 100)
    found = leaks(lambda part: part.filter(pl.col("ts") < part["ts"].max()), panel, cuts(panel, 3, 16))
    assert {leak.column for leak in found} == {"ts"}


def test_a_higher_bar_is_visible_from_its_close_on_and_not_before():
    panel = random_panel(17, 600, ("A/USD",))
    features = technical_features(panel, HOUR)
    for factor in FACTORS:
        higher = resample(panel, HOUR, factor).with_columns(value=(pl.col("close") / pl.col("close").shift(1)).log())
        for row in features.iter_rows(named=True):
            closed = higher.filter(pl.col("closed_at") <= row["ts"] + HOUR.delta)
            expected = closed["value"][-1] if closed.height else None
            assert row[f"return_1_x{factor}"] == expected


@pytest.mark.parametrize("factor", [1e-6, 1000.0])
def test_features_do_not_depend_on_the_unit_of_the_price(factor: float):
    panel = random_panel(18, 500, ("A/USD",))
    scaled = panel.with_columns(pl.col("open", "high", "low", "close") * factor)
    one, other = technical_features(panel, HOUR), technical_features(scaled, HOUR)
    for name in STORED:
        np.testing.assert_allclose(other[name].to_numpy(), one[name].to_numpy(), rtol=1e-5, atol=1e-6, err_msg=name)


def test_one_symbol_does_not_touch_another():
    panel = random_panel(19, 500)
    alone = technical_features(panel.filter(pl.col("symbol") == "B/USD"), HOUR)
    assert technical_features(panel, HOUR).filter(pl.col("symbol") == "B/USD").equals(alone)


def test_warm_up_is_null_then_every_feature_has_a_finite_value():
    features = technical_features(random_panel(20, 600), HOUR)
    late = features.filter(pl.int_range(pl.len()).over("symbol") >= WARM_UP)
    assert late.height > 400
    assert sum(late.select(FEATURES).null_count().row(0)) == 0
    assert late["dickey_fuller_168"].null_count() == 0
    assert late.select(pl.all_horizontal(pl.col(FEATURES).is_finite()).all()).item()
    first = features.row(0, named=True)
    assert first["rsi_14"] is None
    assert first["volatility_24"] is None
    assert first["return_1"] is None


def test_a_dead_market_has_no_nan_and_no_infinity():
    still = random_panel(21, 600, ("A/USD",)).with_columns(
        pl.lit(5.0).alias(name) for name in ("open", "high", "low", "close")
    )
    features = technical_features(still.with_columns(volume=pl.lit(0.0)), HOUR)
    values = features.select(STORED)
    assert not values.select(pl.any_horizontal(pl.all().is_nan() | pl.all().is_infinite()).any()).item()
    assert features.item(-1, "volatility_24") == 0
    assert features.item(-1, "donchian_24") == 0.5


def test_a_relaunched_token_leaves_no_dust_in_rolling_windows():
    panel = random_panel(22, 600, ("A/USD",))
    row = pl.int_range(pl.len())
    fallen = panel.with_columns(
        pl.when(row < 200).then(pl.col(name) * 1e7).otherwise(pl.col(name)).alias(name)
        for name in ("open", "high", "low", "close")
    )
    plain, after = technical_features(panel, HOUR), technical_features(fallen, HOUR)
    for name in ("close_z_24", "volatility_24", "return_z_24", "bollinger_b_20", "donchian_24", "efficiency_24"):
        np.testing.assert_allclose(after[name][300:].to_numpy(), plain[name][300:].to_numpy(), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("bars", [0, 1, 3, 30])
def test_short_histories_give_rows_without_values(bars: int):
    panel = random_panel(23, 60, ("A/USD",)).head(bars)
    features = technical_features(panel, HOUR)
    assert features.height == bars
    assert features.schema == SCHEMA
    assert features["rsi_14_x24"].null_count() == bars


@pytest.mark.data
def test_real_markets_through_a_collapse_are_causal_and_finite():
    folder = Path(os.environ["TRADEWIND_TEST_DATA"]) / "candles" / "1h_binance"
    panel = pl.concat(
        vet(pl.read_parquet(folder / f"binance_{name}USDT_1h.parquet"), HOUR).good.select(
            pl.lit(name).alias("symbol"), *BARS
        )
        for name in ("LUNA", "UST")
    ).sort("symbol", "ts")
    panel = panel.filter(pl.col("ts").is_between(datetime(2022, 4, 1, tzinfo=UTC), datetime(2022, 6, 20, tzinfo=UTC)))
    features = technical_features(panel, HOUR)
    assert features.height == panel.height
    assert features.select(pl.all_horizontal(pl.col(FEATURES).is_finite()).all()).item()
    collapse = [datetime(2022, 5, day, 7, tzinfo=UTC) for day in range(8, 14)]
    relaunch = [datetime(2022, 5, 31, hour, tzinfo=UTC) for hour in range(4, 10)]
    assert leaks(lambda part: technical_features(part, HOUR), panel, collapse + relaunch) == []


def test_features_equal_their_definitions():
    panel = random_panel(24, 400, ("A/USD",))
    last = technical_features(panel, HOUR).row(-1, named=True)
    close, volume = np.log(panel["close"].to_numpy()), panel["volume"].to_numpy()
    moves = np.diff(close)
    up, down = (
        np.clip(np.diff(panel["close"].to_numpy()), 0, None),
        np.clip(-np.diff(panel["close"].to_numpy()), 0, None),
    )
    gain, loss = up[:14].mean(), down[:14].mean()
    for rise, fall in zip(up[14:], down[14:], strict=True):
        gain, loss = (gain * 13 + rise) / 14, (loss * 13 + fall) / 14
    signs = np.sign(moves)
    expected = {
        "rsi_14": 100 * gain / (gain + loss),
        "return_24": close[-1] - close[-25],
        "volatility_24": moves[-24:].std(ddof=1),
        "close_z_24": (close[-1] - close[-24:].mean()) / close[-24:].std(ddof=1),
        "efficiency_24": (close[-1] - close[-25]) / np.abs(moves[-24:]).sum(),
        "trend_slope_24": np.polyfit(np.arange(24), close[-24:], 1)[0],
        "donchian_24": (panel["close"][-1] - panel["low"][-24:].min())
        / (panel["high"][-24:].max() - panel["low"][-24:].min()),
        "volume_balance_24": (volume[-24:] * signs[-24:]).sum() / volume[-24:].sum(),
        "body": (panel["close"][-1] - panel["open"][-1]) / (panel["high"][-1] - panel["low"][-1]),
    }
    assert {name: last[name] for name in expected} == pytest.approx(expected, rel=1e-9)
    closed = panel["ts"][-1] + timedelta(hours=1)
    assert last["hour_sin"] == pytest.approx(np.sin(2 * np.pi * closed.hour / 24))
