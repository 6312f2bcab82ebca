"""Gaps between the bars of each symbol."""

from datetime import timedelta

import polars as pl

from tests.fakes.random_panel import START, random_panel
from trading.market.gaps import GAPS, RECENT_BARS, gaps, recent_gap
from trading.timeframe import Timeframe

HOUR = Timeframe.parse("1h")


def test_a_gap_is_an_interval_per_symbol():
    panel = random_panel(1, 20)
    missing = [START + timedelta(hours=hour) for hour in (3, 4, 5, 9)]
    found = gaps(panel.filter((pl.col("symbol") != "A/USD") | ~pl.col("ts").is_in(missing)), HOUR)
    assert found.rows() == [
        ("A/USD", missing[0], START + timedelta(hours=6), 3),
        ("A/USD", missing[3], START + timedelta(hours=10), 1),
    ]
    assert found.schema == GAPS


def test_whole_empty_and_single_bar_panels_have_none():
    panel = random_panel(1, 20)
    assert gaps(panel, HOUR).is_empty()
    assert gaps(panel.clear(), HOUR).is_empty()
    assert gaps(panel.head(1), HOUR).is_empty()


def test_gaps_and_bars_make_up_the_whole_span():
    panel = random_panel(7, 200, gaps=40)
    found = gaps(panel, HOUR)
    for symbol in panel["symbol"].unique():
        times = panel.filter(pl.col("symbol") == symbol)["ts"]
        slots = (times.max() - times.min()) // HOUR.delta + 1
        assert slots == len(times) + found.filter(pl.col("symbol") == symbol)["bars"].sum()


def test_a_recent_hole_speaks_against_the_newest_bar_until_all_of_it_is_old():
    """A hole longer than the window as well: the bar before it is given, however old."""
    hole = range(10, 40)
    opened = [START + timedelta(hours=hour) for hour in range(80) if hour not in hole]
    closed = []
    for hour in range(40, 80):
        last = START + timedelta(hours=hour)
        found = recent_gap([ts for ts in opened if ts <= last], HOUR, last)
        if found:
            (one,) = found
            assert (one.check, one.blocking, one.count, one.last_ts) == ("gap", True, len(hole), last)
            assert one.first_ts == max(START + timedelta(hours=10), last - timedelta(hours=RECENT_BARS - 1))
            closed.append(hour)
    assert closed == list(range(40, 39 + RECENT_BARS))
