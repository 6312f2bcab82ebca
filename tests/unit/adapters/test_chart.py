"""Chart geometry: round ticks, nothing outside, the same every time."""

import math
import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.chart import draw

START = datetime(2024, 3, 1, tzinfo=UTC)
values = st.floats(-1e9, 1e9, allow_nan=False).filter(lambda value: value == 0 or abs(value) > 1e-6)


@given(st.lists(values, min_size=2, max_size=50), st.sampled_from([60, 3600, 86400]), st.booleans())
def test_everything_lies_inside_the_frame(series: list[float], seconds: int, percent: bool) -> None:
    points = [(START + timedelta(seconds=n * seconds), value) for n, value in enumerate(series)]
    chart = draw(points, percent=percent)
    assert chart is not None
    numbers = [float(number) for number in re.findall(r"-?\d+\.\d", chart.line)]
    assert all(chart.left - 0.1 <= x <= chart.right + 0.1 for x in numbers[::2])
    assert all(chart.top - 0.1 <= y <= chart.bottom + 0.1 for y in numbers[1::2])
    assert 2 <= len(chart.y_ticks) <= 12
    assert len({tick.label for tick in chart.y_ticks}) == len(chart.y_ticks)
    assert chart == draw(points, percent=percent)


def test_ticks_are_round_and_signs_are_as_wide_as_digits() -> None:
    chart = draw([(START, -0.0011), (START + timedelta(hours=30), 0.0)], percent=True, baseline=0.0, height=130)
    assert chart is not None
    assert [tick.label for tick in chart.y_ticks] == ["\u22120.15%", "\u22120.10%", "\u22120.05%", "0.00%"]
    assert [tick.label for tick in chart.x_ticks] == ["Mar 1", "06:00", "12:00", "18:00", "Mar 2", "06:00"]


def test_a_flat_line_has_a_scale() -> None:
    chart = draw([(START, 100_000.0), (START + timedelta(hours=1), 100_000.0)])
    assert chart is not None
    assert math.isclose(chart.last[1], (chart.top + chart.bottom) / 2, rel_tol=0.2)


@pytest.mark.parametrize("count", [0, 1])
def test_a_point_is_no_line(count: int) -> None:
    assert draw([(START, 1.0)] * count) is None


@pytest.mark.parametrize(
    ("days", "labels"),
    [
        (200, ["Mar 2024", "Apr 2024", "May 2024", "Jun 2024", "Jul 2024", "Aug 2024", "Sep 2024"]),
        (500, ["Apr 2024", "Jul 2024", "Oct 2024", "Jan 2025", "Apr 2025", "Jul 2025"]),
        (3000, ["2026", "2028", "2030", "2032"]),
    ],
)
def test_long_times_are_divided_by_the_calendar(days: int, labels: list[str]) -> None:
    chart = draw([(START, 1.0), (START + timedelta(days=days), 2.0)])
    assert chart is not None
    assert [tick.label for tick in chart.x_ticks] == labels


def test_a_second_line_shares_the_scale() -> None:
    later = START + timedelta(days=1)
    chart = draw([(START, 1.0), (later, 2.0)], against=[(START, 1.0), (later, 9.0)])
    assert chart is not None
    assert chart.against.startswith("M8.0,")
    assert float(chart.against.split(",")[-1]) < chart.last[1]
    assert chart.y_ticks[-1].label == "10"
    assert draw([(START, 1.0), (later, 2.0)]) != chart


def test_hundreds_of_millions_are_told_in_millions() -> None:
    chart = draw([(START, 0.0), (START + timedelta(days=1), 2e9)])
    assert chart is not None
    assert chart.y_ticks[-1].label == "2,000M"
