"""Resampling, against a plain loop over the bars."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from tests.fakes.random_panel import random_panel
from trading.market.resample import RESAMPLED, resample
from trading.timeframe import Timeframe

HOUR = Timeframe.parse("1h")


@pytest.mark.parametrize(("seed", "factor"), [(1, 4), (2, 24), (3, 7), (4, 168)])
def test_resampling_equals_a_plain_loop(seed: int, factor: int):
    panel = random_panel(seed, 400, gaps=60)
    higher = HOUR.times(factor)
    slots: dict[tuple[str, datetime], list[dict[str, float]]] = {}
    for row in panel.iter_rows(named=True):
        slots.setdefault((row["symbol"], higher.open_of(row["ts"])), []).append(row)
    ends = {symbol: ts + HOUR.delta for symbol, ts in panel.group_by("symbol").agg(pl.col("ts").max()).iter_rows()}
    expected = [
        (
            symbol,
            ts,
            rows[0]["open"],
            max(row["high"] for row in rows),
            min(row["low"] for row in rows),
            rows[-1]["close"],
            pytest.approx(sum(row["volume"] for row in rows)),
            ts + higher.delta,
        )
        for (symbol, ts), rows in slots.items()
        if ts + higher.delta <= ends[symbol]
    ]
    result = resample(panel, HOUR, factor)
    assert result.rows() == expected
    assert result.schema == RESAMPLED


def test_bars_lie_on_the_utc_grid_and_the_unfinished_one_is_left_out():
    panel = random_panel(1, 27, ("A/USD",))  # from 05:00 to 07:00 of the next day, inclusive
    result = resample(panel, HOUR, 4)
    day = datetime(2024, 1, 1, tzinfo=UTC)
    assert result["ts"].to_list() == [day + timedelta(hours=hour) for hour in range(4, 32, 4)]
    assert (result["closed_at"] - result["ts"]).unique().to_list() == [timedelta(hours=4)]
    assert resample(panel.head(26), HOUR, 4).height == result.height - 1


def test_an_empty_panel_gives_no_bars():
    assert resample(random_panel(1, 10).clear(), HOUR, 4).schema == RESAMPLED
