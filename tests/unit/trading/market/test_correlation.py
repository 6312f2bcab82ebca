"""Correlations and clusters: equal to what scikit-learn and scipy say, known at the end of a day, stable where real."""

import os
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from sklearn.covariance import ledoit_wolf
from sklearn.metrics import adjusted_rand_score

from trading.candle import PANEL
from trading.indicators.causality import leaks
from trading.market.correlation import (
    CORRELATIONS,
    TOGETHER,
    WINDOW,
    agreement,
    clusters,
    correlations,
    shrinkage,
    stability,
)
from trading.timeframe import Timeframe

HOUR = Timeframe.parse("1h")
START = datetime(2024, 1, 1, tzinfo=UTC)
GROUPS = {"A/USD": 0, "B/USD": 0, "C/USD": 0, "D/USD": 1, "E/USD": 1, "F/USD": 2}


def market(seed: int, hours: int, tie: float = 0.9) -> pl.DataFrame:
    """Return bars of GROUPS whose members share a part of their moves, and their closes alone."""
    rng = np.random.default_rng(seed)
    shared = rng.normal(0, 0.01, (3, hours))
    parts = []
    for symbol, group in GROUPS.items():
        moves = np.sqrt(tie) * shared[group] + np.sqrt(1 - tie) * rng.normal(0, 0.01, hours)
        close = 100 * np.exp(np.cumsum(moves))
        ts = [START + HOUR.delta * hour for hour in range(hours)]
        values = {"symbol": symbol, "ts": ts, "open": close, "high": close, "low": close, "close": close, "volume": 1.0}
        parts.append(pl.DataFrame(values, schema=PANEL))
    return pl.concat(parts)


def scaled(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    values = rng.normal(size=(rows, columns)) @ rng.normal(size=(columns, columns))
    centred = values - values.mean(axis=0)
    return centred / centred.std(axis=0)


@pytest.mark.parametrize(("rows", "columns"), [(20, 2), (30, 8), (720, 4), (25, 40)])
def test_shrinkage_is_that_of_ledoit_and_wolf(rows: int, columns: int, seed: int) -> None:
    values = scaled(np.random.default_rng(seed), rows, columns)
    theirs, drawn = ledoit_wolf(values)
    assert shrinkage(values) == pytest.approx(drawn, abs=1e-10)
    ours = (1 - drawn) * np.corrcoef(values.T) + drawn * np.eye(columns)
    np.testing.assert_allclose(ours, theirs, atol=1e-10)


@pytest.mark.parametrize("count", [2, 3, 7, 15])
def test_clusters_are_those_of_scipy(count: int, seed: int) -> None:
    matrix = np.corrcoef(scaled(np.random.default_rng(seed), 40, count).T)
    for together in (0.0, 0.3, TOGETHER, 0.8):
        distances = squareform(np.sqrt(np.clip(1 - matrix, 0, 2) / 2), checks=False)
        theirs = fcluster(linkage(distances, "average"), np.sqrt((1 - together) / 2), "distance")
        ours = clusters(matrix, together)
        assert adjusted_rand_score(theirs, ours) == 1
        assert ours[0] == 0
        assert sorted(set(ours)) == list(range(max(ours) + 1))


def test_agreement_is_the_adjusted_rand_index(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(50):
        first, second = (rng.integers(0, rng.integers(1, 5), 9).tolist() for _ in range(2))
        assert agreement(first, second) == pytest.approx(adjusted_rand_score(first, second), abs=1e-12)


def test_a_day_is_told_from_the_window_that_ends_with_it() -> None:
    panel = market(1, 24 * 40 + 7)
    found = correlations(panel, HOUR)
    assert found.schema == CORRELATIONS
    assert found["ts"].n_unique() == 40
    assert found.height == 40 * 15
    for row in found.sample(60, seed=1).iter_rows(named=True):
        assert row["closed_at"] == row["ts"] + timedelta(days=1)
        window = panel.filter(pl.col("ts").is_between(row["closed_at"] - WINDOW, row["closed_at"], closed="left"))
        moves = {
            name: np.diff(np.log(panel.filter((pl.col("symbol") == name) & (pl.col("ts") < row["closed_at"]))["close"]))
            for name in (row["symbol"], row["other"])
        }
        kept = min(720, len(moves[row["symbol"]]))
        assert row["bars"] == kept == window["ts"].n_unique() - (window["ts"].min() == START)
        expected = np.corrcoef(*(each[-kept:] for each in moves.values()))[0, 1]
        assert row["sample_value"] == pytest.approx(expected, abs=1e-12)
        assert row["value"] == pytest.approx((1 - row["shrinkage"]) * expected, abs=1e-12)
        assert row["same_cluster"] == (GROUPS[row["symbol"]] == GROUPS[row["other"]])
    assert correlations(panel, HOUR, START + timedelta(days=35)).equals(
        found.filter(pl.col("ts") >= START + timedelta(days=35))
    )


def test_no_day_changes_with_later_bars() -> None:
    panel = market(2, 24 * 12)
    days = [START + timedelta(hours=hour) for hour in (30, 47, 48, 100, 215, 239, 240)]

    def told(part: pl.DataFrame) -> pl.DataFrame:
        rows = correlations(part, HOUR).with_columns(symbol=pl.col("symbol") + "|" + pl.col("other"))
        return rows.drop("other").with_columns(ts=pl.col("closed_at") - HOUR.delta)

    assert leaks(told, panel, days) == []


def test_groups_that_are_there_are_stable_and_noise_is_not() -> None:
    assert min(stability(market(3, 24 * 200), HOUR)) == 1
    rng = np.random.default_rng(4)
    labels = [rng.integers(0, 3, 12).tolist() for _ in range(200)]
    chance = np.mean([agreement(a, b) for a, b in pairwise(labels)])
    assert abs(chance) < 0.05


def test_holes_still_symbols_and_short_histories_have_no_correlation() -> None:
    panel = market(5, 24 * 10)
    assert correlations(panel.clear(), HOUR).schema == CORRELATIONS
    assert correlations(panel[:1], HOUR).is_empty()
    assert correlations(panel.filter(pl.col("ts") < START + timedelta(hours=19)), HOUR).is_empty()
    assert correlations(panel.filter(pl.col("symbol") == "A/USD"), HOUR).is_empty()
    still = panel.with_columns(close=pl.when(pl.col("symbol") == "A/USD").then(5.0).otherwise(pl.col("close")))
    assert "A/USD" not in set(correlations(still, HOUR)["symbol"])
    # a symbol that was listed on the last day does not take away the window of the others
    late = panel.filter((pl.col("symbol") != "F/USD") | (pl.col("ts") >= START + timedelta(days=9)))
    assert correlations(late, HOUR).filter(pl.col("ts") == START + timedelta(days=9)).height == 10
    holed = panel.filter((pl.col("symbol") != "A/USD") | (pl.col("ts").dt.hour() != 5))
    whole = correlations(panel, HOUR).filter(pl.col("ts") == START + timedelta(days=9))
    assert (
        correlations(holed, HOUR).filter(pl.col("ts") == START + timedelta(days=9))["bars"][0] == whole["bars"][0] - 20
    )


@pytest.mark.data
def test_real_symbols_move_together_and_their_clusters_hold() -> None:
    folder = Path(os.environ["TRADEWIND_TEST_DATA"]) / "candles" / "1h_binance"
    names = ("ADA", "BNB", "BTC", "ETH", "SOL", "XRP")
    panel = pl.concat(
        pl.read_parquet(folder / f"binance_{name}USDT_1h.parquet").select(
            pl.lit(name).alias("symbol"), *(name for name in PANEL if name != "symbol")
        )
        for name in names
    ).filter(pl.col("ts").is_between(datetime(2022, 1, 1, tzinfo=UTC), datetime(2022, 7, 1, tzinfo=UTC)))
    found = correlations(panel, HOUR, datetime(2022, 6, 1, tzinfo=UTC))
    assert found["value"].min() > 0.4
    assert found.filter((pl.col("symbol") == "BTC") & (pl.col("other") == "ETH"))["value"].min() > 0.8
    print("stability", stability(panel, HOUR))
