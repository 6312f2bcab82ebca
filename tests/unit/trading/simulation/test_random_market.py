from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from trading.candle import PANEL
from trading.errors import Misconfigured
from trading.simulation.random_market import ANCHOR, DEFAULT_SPECS, bars
from trading.timeframe import Timeframe

HOUR, MINUTE, DAY = (Timeframe.parse(name) for name in ("1h", "1m", "1d"))
END = datetime(2026, 3, 1, tzinfo=UTC)
SEED = 11


def window(timeframe: Timeframe, days: float, end: datetime = END, seed: int = SEED) -> pl.DataFrame:
    return bars(seed, DEFAULT_SPECS, timeframe, end - timedelta(days=days), end)


def test_a_window_equals_the_slice_of_a_larger_one():
    small = window(HOUR, 3.3, END - timedelta(hours=31))
    start, end = END - timedelta(hours=31, days=3.3), END - timedelta(hours=31)
    assert small.height > 200
    assert small.equals(window(HOUR, 20).filter(pl.col("ts").is_between(start, end, closed="left")))


def test_hours_are_made_of_the_minutes():
    minutes = (
        window(MINUTE, 1)
        .group_by_dynamic("ts", every="1h", group_by="symbol")
        .agg(pl.first("open"), pl.max("high"), pl.min("low"), pl.last("close"), pl.sum("volume").round(8))
    )
    assert minutes.sort("symbol", "ts").equals(window(HOUR, 1).with_columns(pl.col("volume").round(8)))


def test_bars_are_a_sound_panel_on_the_grid():
    panel = window(HOUR, 30)
    assert panel.schema == PANEL
    assert panel.equals(panel.sort("symbol", "ts"))
    assert panel.height == 3 * 24 * 30
    top, bottom = pl.max_horizontal("open", "close"), pl.min_horizontal("open", "close")
    assert panel.filter((pl.col("high") < top) | (pl.col("low") > bottom) | (pl.col("low") <= 0)).is_empty()
    assert panel.filter(
        (pl.col("volume") <= 0) | (pl.col("close") * 100 % 1 != 0).and_(pl.col("close") != pl.col("close").round(2))
    ).is_empty()


def test_another_seed_is_another_market():
    assert not window(DAY, 5).equals(window(DAY, 5, seed=SEED + 1))


def test_instruments_do_not_depend_on_each_other():
    alone = bars(SEED, DEFAULT_SPECS[1:2], HOUR, END - timedelta(days=2), END)
    assert alone.equals(window(HOUR, 2).filter(pl.col("symbol") == "ETH/USDT"))


def returns(panel: pl.DataFrame) -> np.ndarray:
    return np.array(
        [np.diff(np.log(frame["close"].to_numpy())) for _, frame in panel.group_by("symbol", maintain_order=True)]
    )


def test_the_market_has_the_marks_of_a_real_one():
    print("seed", SEED)
    moves = returns(window(HOUR, 720))
    assert 0.5 < np.corrcoef(moves)[0, 1] < 0.95
    for one in moves:
        kurtosis = np.mean((one - one.mean()) ** 4) / np.var(one) ** 2
        clusters = np.corrcoef(np.abs(one[24:]), np.abs(one[:-24]))[0, 1]
        ahead = np.corrcoef(one[1:], one[:-1])[0, 1]
        assert kurtosis > 5
        assert clusters > 0.1
        assert 0.01 < ahead < 0.12


@pytest.mark.parametrize("name", ["30s", "7m", "2d"])
def test_odd_timeframes_are_refused(name: str):
    with pytest.raises(Misconfigured, match="timeframe"):
        window(Timeframe.parse(name), 1)


def test_before_the_anchor_there_is_no_market():
    with pytest.raises(Misconfigured, match="2020-01-01"):
        bars(SEED, DEFAULT_SPECS, HOUR, ANCHOR - timedelta(hours=1), ANCHOR)


def test_an_empty_window_is_an_empty_panel():
    assert bars(SEED, DEFAULT_SPECS, HOUR, END, END).schema == PANEL
