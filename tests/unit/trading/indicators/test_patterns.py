"""Candlestick patterns: TA-Lib's 61, told sparsely, of a short memory, and quiet where there is nothing to see."""

import polars as pl
import polars_talib
import pytest

from tests.fakes.random_panel import random_panel
from trading.candle import PANEL
from trading.indicators.patterns import FOUND, MARKED, PATTERNS, WARM_UP, marks, patterns


def bars(*rows: tuple[float, float, float, float]) -> pl.DataFrame:
    """Return ten quiet bars and then `rows` of open, high, low, close."""
    start = random_panel(1, 30, ("A/USD",))["ts"]
    quiet = [(100.0, 101.0, 99.0, 100.5)] * 10
    values = [("A/USD", start[place], *row, 1.0) for place, row in enumerate([*quiet, *rows])]
    return pl.DataFrame(values, schema=PANEL, orient="row")


def test_all_of_ta_lib_are_declared() -> None:
    assert len(PATTERNS) == 61
    assert set(PATTERNS) == {name for name in dir(polars_talib) if name.startswith("cdl")}
    assert len(set(PATTERNS.values())) == 61


def test_one_row_tells_one_pattern_of_one_bar() -> None:
    panel = random_panel(2, 500)
    found, wide = patterns(panel), marks(panel)
    assert found.schema == FOUND
    assert wide.schema == MARKED
    assert wide.height == panel.height
    assert not found.select("symbol", "ts", "pattern").is_duplicated().any()
    assert set(found["direction"].unique()) == {-1, 1}
    assert set(found["strength"].unique()) <= {80, 100, 200}
    again = wide.unpivot(index=["symbol", "ts"]).filter(pl.col("value") != 0)
    assert found.height == again.height > 500
    sums = again.group_by("variable").agg(pl.col("value").sum()).sort("variable").rows()
    mine = found.group_by("pattern").agg((pl.col("direction") * pl.col("strength")).sum()).sort("pattern").rows()
    assert mine == sums


@pytest.mark.parametrize(
    ("rows", "pattern", "direction"),
    [
        ([(100.0, 100.5, 95.0, 96.0), (95.5, 103.0, 95.0, 102.0)], "cdlengulfing", 1),
        ([(100.0, 105.0, 99.5, 104.0), (104.5, 105.0, 97.0, 98.0)], "cdlengulfing", -1),
        ([(100.0, 103.0, 97.0, 100.0)], "cdldoji", 1),
        ([(100.0, 110.0, 100.0, 110.0)], "cdlmarubozu", 1),
        ([(110.0, 110.0, 100.0, 100.0)], "cdlmarubozu", -1),
    ],
)
def test_a_pattern_is_told_at_its_last_bar_with_its_direction(rows: list, pattern: str, direction: int) -> None:
    panel = bars(*rows)
    found = patterns(panel).filter(pl.col("pattern") == pattern)
    assert found.select("ts", "direction").rows()[-1] == (panel["ts"][-1], direction)


@pytest.mark.parametrize("seed", [3, 4])
def test_after_the_warm_up_older_bars_do_not_matter(seed: int) -> None:
    panel = random_panel(seed, 400, ("A/USD",))
    whole = marks(panel)
    for start in range(20, 380, 15):
        assert marks(panel[start:])[WARM_UP:].equals(whole[start + WARM_UP :])


def test_a_dead_market_and_too_few_bars_show_no_direction() -> None:
    assert patterns(random_panel(5, 30).clear()).schema == FOUND
    assert patterns(random_panel(5, 30, ("A/USD",))[:1]).is_empty()
    still = random_panel(5, 60, ("A/USD",)).with_columns(pl.lit(7.0).alias(n) for n in ("open", "high", "low", "close"))
    # a bar without range is a doji of every kind, and nothing that has a direction
    assert set(patterns(still)["direction"].unique()) <= {1}
