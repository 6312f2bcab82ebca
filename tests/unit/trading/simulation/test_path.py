import pytest

from trading.simulation.path import TickBar, path

HOUR = 3_600_000


@pytest.mark.parametrize(
    ("bar", "prices"),
    [
        (TickBar(0, 100, 103, 90, 95, 1), [100, 103, 90, 95]),
        (TickBar(0, 100, 120, 99, 110, 1), [100, 99, 120, 110]),
        (TickBar(0, 100, 105, 95, 100, 1), [100, 95, 105, 100]),
        (TickBar(0, 100, 100, 100, 100, 0), [100, 100, 100, 100]),
    ],
)
def test_nearer_extreme_first_and_low_first_when_equal(bar: TickBar, prices: list[int]):
    assert [point.price for point in path(bar, HOUR)] == prices


def test_times_lie_inside_the_bar():
    times = [point.at for point in path(TickBar(7 * HOUR, 1, 2, 1, 2, 1), HOUR)]
    assert times == [7 * HOUR, 7 * HOUR + 1_200_000, 7 * HOUR + 2_400_000, 8 * HOUR - 1]
