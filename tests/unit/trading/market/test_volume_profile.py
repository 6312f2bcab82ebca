"""Volume profiles: equal to a brute-force recount, and known only when their day has ended."""

import math
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.random_panel import random_panel
from trading.candle import PANEL
from trading.market.volume_profile import BINS, PROFILES, VALUE_AREA, value_area, volume_profiles
from trading.timeframe import Timeframe

HOUR = Timeframe.parse("1h")
DAY = timedelta(days=1)
START = datetime(2024, 1, 1, tzinfo=UTC)


def recounted(panel: pl.DataFrame, step: timedelta) -> list[tuple]:
    """Count each day bar by bar and bin by bin, as the definition says, in plain Python."""
    found = []
    for symbol in panel["symbol"].unique().sort():
        rows = panel.filter(pl.col("symbol") == symbol).rows(named=True)
        reached = rows[-1]["ts"] + step
        for day in sorted({row["ts"].replace(hour=0, minute=0) for row in rows}):
            bars = [row for row in rows if day <= row["ts"] < day + DAY]
            if day + DAY > reached or not sum(row["volume"] for row in bars):
                continue
            bottom = min(row["low"] for row in bars)
            span = max(row["high"] for row in bars) - bottom
            width = span / BINS
            volumes = [0.0] * BINS
            for row in bars:
                first, last = (
                    min(int((row[side] - bottom) // width), BINS - 1) if width else 0 for side in ("low", "high")
                )
                for place in range(first, last + 1):
                    volumes[place] += row["volume"] / (last - first + 1)
            found.append((symbol, day, day + DAY, *area(volumes, bottom, width), len(bars)))
    return found


def area(volumes: list[float], bottom: float, width: float) -> tuple[float, float, float]:
    poc = volumes.index(max(volumes))
    first = last = poc
    held = volumes[poc]
    while held < VALUE_AREA * sum_as_numpy(volumes) and last - first + 1 < BINS:
        above = volumes[last + 1] if last + 1 < BINS else -1
        below = volumes[first - 1] if first else -1
        first, last = (first, last + 1) if above >= below else (first - 1, last)
        held += max(above, below)
    return bottom + (poc + 0.5) * width, bottom + first * width, bottom + (last + 1) * width


def sum_as_numpy(values: list[float]) -> float:
    return float(pl.Series(values).to_numpy().sum())


def told(panel: pl.DataFrame, timeframe: Timeframe = HOUR) -> list[tuple]:
    return volume_profiles(panel, timeframe).drop("volume").rows()


@pytest.mark.parametrize(("seed", "name", "gaps"), [(1, "1h", 0), (2, "1h", 80), (3, "15m", 30), (4, "1d", 2)])
def test_profiles_equal_the_recount_exactly(seed: int, name: str, gaps: int):
    timeframe = Timeframe.parse(name)
    panel = random_panel(seed, 500, step=timeframe.delta, gaps=gaps)
    found = told(panel, timeframe)
    assert len(found) > 8
    assert found == recounted(panel, timeframe.delta)


@pytest.mark.parametrize(
    ("volumes", "expected"),
    [
        ([0.0, 2.0, 3.0, 2.0, 0.0], (2, 2, 3)),  # equal neighbours: upwards
        ([3.0, 0.0, 0.0, 3.0], (0, 0, 3)),  # of two fullest bins the lowest; empty ones lie between
        ([1.0, 4.0, 5.0], (2, 1, 2)),
        ([7.0, 1.0, 1.0, 1.0], (0, 0, 0)),
    ],
)
def test_ties_go_to_the_lowest_bin_and_upwards(volumes: list[float], expected: tuple[int, int, int]):
    assert value_area(np.array(volumes)) == expected


PRICE = st.sampled_from([1.0, 1.1, 1.25, 1.5, 1.9, 2.0, 1e-8, 65536.0, 65537.5])


@settings(max_examples=int(os.environ.get("TRADEWIND_TEST_EXAMPLES", "60")))
@given(st.lists(st.tuples(PRICE, PRICE, st.sampled_from([0.0, 1.0, 0.1, 3.0])), min_size=24, max_size=48))
def test_profiles_equal_the_recount_on_ties_edges_and_dead_bars(bars: list[tuple[float, float, float]]):
    panel = pl.DataFrame(
        [
            ("A/USD", START + place * HOUR.delta, low, max(low, high), min(low, high), high, volume)
            for place, (low, high, volume) in enumerate(bars)
        ],
        schema=PANEL,
        orient="row",
    )
    assert told(panel) == recounted(panel, HOUR.delta)


def test_all_volume_is_counted_and_the_area_holds_its_share():
    panel = random_panel(5, 480, ("A/USD",))
    profiles = volume_profiles(panel, HOUR)
    for row in profiles.iter_rows(named=True):
        bars = panel.filter(pl.col("ts").is_between(row["ts"], row["closed_at"], closed="left"))
        assert math.isclose(row["volume"], bars["volume"].sum(), rel_tol=1e-12)
        assert bars["low"].min() <= row["value_low"] <= row["poc"] <= row["value_high"]
        assert row["value_high"] <= bars["high"].max() * (1 + 1e-12)


def test_a_day_is_told_when_it_has_ended_and_never_changes():
    panel = random_panel(6, 300, gaps=10)
    full = volume_profiles(panel, HOUR)
    for cut in panel["ts"].unique().sort().to_list()[::7]:
        known = volume_profiles(panel.filter(pl.col("ts") <= cut), HOUR)
        assert known["closed_at"].max() is None or known["closed_at"].max() <= cut + HOUR.delta
        assert known.rows() == [row for row in full.rows() if row in set(known.rows())]
        due = full.filter(pl.col("closed_at") <= cut + HOUR.delta)
        there = panel.filter(pl.col("ts") == cut)["symbol"].to_list()
        assert set(due.filter(pl.col("symbol").is_in(there)).rows()) <= set(known.rows())


def test_bars_that_are_no_part_of_a_day_and_days_without_trade_have_no_profile():
    panel = random_panel(7, 100)
    assert volume_profiles(panel, Timeframe.parse("1w")).schema == PROFILES
    assert volume_profiles(panel, Timeframe.parse("1w")).is_empty()
    assert volume_profiles(panel.with_columns(volume=pl.lit(0.0)), HOUR).is_empty()
    assert volume_profiles(panel.clear(), HOUR).schema == PROFILES


@pytest.mark.data
def test_real_days_equal_the_recount():
    folder = Path(os.environ["TRADEWIND_TEST_DATA"]) / "candles" / "5m_binance_2022-08_2023-09"
    panel = pl.read_parquet(folder / "binance_BTCUSDT_5m.parquet").select(
        pl.lit("BTC/USDT").alias("symbol"), "ts", "open", "high", "low", "close", "volume"
    )[: 288 * 60]
    found = told(panel, Timeframe.parse("5m"))
    assert len(found) == 60
    assert found == recounted(panel, timedelta(minutes=5))
