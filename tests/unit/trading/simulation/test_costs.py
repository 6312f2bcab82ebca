from decimal import Decimal
from itertools import islice

import pytest

from trading.order import Side
from trading.simulation.costs import FRICTIONLESS, LEVELS_PER_BAR, fee, half_spread, ladder

BP = Decimal(1)


def test_fee_is_taken_from_what_is_received():
    assert fee(Side.BUY, Decimal("0.12345678"), Decimal(5000), Decimal("0.001")) == Decimal("0.00012346")
    assert fee(Side.SELL, Decimal("0.5"), Decimal("17028.745"), Decimal("0.001")) == Decimal("17.028745")


@pytest.mark.parametrize(
    ("price", "bps", "ticks"),
    [(1_000_000, BP, 100), (1_000_001, BP, 101), (5, BP, 1), (1_000_000, Decimal(0), 0), (10_000, Decimal("0.5"), 1)],
)
def test_half_spread_is_rounded_up_against_the_taker(price: int, bps: Decimal, ticks: int):
    assert half_spread(price, bps) == ticks


def test_ladder_gets_worse_level_by_level():
    assert list(islice(ladder(Side.BUY, 10_000, BP, 1000), 3)) == [(10_001, 5), (10_002, 5), (10_003, 5)]
    assert list(islice(ladder(Side.SELL, 10_000, BP, 1000), 2)) == [(9_999, 5), (9_998, 5)]
    assert next(ladder(Side.BUY, 10_000, BP, LEVELS_PER_BAR - 1))[1] == 1


def test_prices_stay_positive():
    assert list(ladder(Side.SELL, 3, BP, 1000)) == [(2, 5), (1, 5)]


def test_without_a_spread_every_size_trades_at_the_last_price():
    assert list(ladder(Side.SELL, 777, Decimal(0), 10)) == [(777, FRICTIONLESS)]
