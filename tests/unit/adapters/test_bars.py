"""Histogram geometry: nothing outside, heights in proportion, bounds that read well."""

from hypothesis import given
from hypothesis import strategies as st

from adapters.bars import draw_bars


@given(st.lists(st.integers(0, 10_000), min_size=2, max_size=30).filter(any))
def test_everything_lies_inside_the_frame(counts: list[int]) -> None:
    edges = [None, *(number / 100 for number in range(1, len(counts))), None]
    drawn = draw_bars([(edges[n], edges[n + 1], count) for n, count in enumerate(counts)])
    assert drawn is not None
    assert [bar.count for bar in drawn.bars] == counts
    assert max(bar.height for bar in drawn.bars) == next(bar.height for bar in drawn.bars if bar.count == max(counts))
    for bar in drawn.bars:
        assert drawn.left <= bar.x
        assert bar.x + bar.width <= drawn.right
        assert bar.y >= 18
        assert abs(bar.y + bar.height - drawn.bottom) < 0.11


def test_bounds_are_told_as_per_cent() -> None:
    drawn = draw_bars([(None, -0.005, 1), (-0.005, 0.0, 2), (0.0, 0.005, 4), (0.005, None, 3)])
    assert drawn is not None
    assert [tick.label for tick in drawn.x_ticks] == ["\u22120.5%", "0%", "0.5%"]
    assert [bar.up for bar in drawn.bars] == [False, False, True, True]
    assert [bar.words for bar in drawn.bars][:2] == ["1 bars below \u22120.5%", "2 bars from \u22120.5% to 0%"]
    assert drawn.bars[-1].words == "3 bars above 0.5%"


def test_nothing_counted_is_no_drawing() -> None:
    assert draw_bars([]) is None
    assert draw_bars([(None, 0.0, 0), (0.0, None, 0)]) is None
