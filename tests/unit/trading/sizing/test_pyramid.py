"""A position is built of so many legs, so far apart; whoever holds nothing begins one whenever he likes."""

from decimal import Decimal
from typing import Any

import pytest

from tests.unit.trading.made import INSTRUMENT, account
from trading.limits import MOST_LEGS, Limits
from trading.sizing import pyramid
from trading.target import Target

D = Decimal
HELD = D(5)


def built(wanted: str, price: str = "100", **changes: Any) -> Target:
    limits = {"max_legs": changes.pop("max_legs", MOST_LEGS), "leg_spacing": changes.pop("leg_spacing", D(0))}
    of = account(**{"position": HELD, "legs": 2, "leg_price": D(100), **changes})
    return pyramid.apply(Target(D(wanted), ("first",)), of, D(price), INSTRUMENT, Limits(**limits))


def test_a_position_has_at_most_so_many_legs():
    assert built("8", max_legs=3) == Target(D(8), ("first",))
    assert built("8", max_legs=2) == built("8", max_legs=1) == Target(HELD, ("first", "max_legs"))
    assert built("3", max_legs=2) == Target(D(3), ("first",))


@pytest.mark.parametrize(
    ("price", "far"), [("98", True), ("98.01", False), ("100", False), ("101.99", False), ("102", True)]
)
def test_the_market_has_moved_between_two_legs(price: str, far: bool):
    capped = built("8", price, leg_spacing=D("0.02"))
    assert capped == (Target(D(8), ("first",)) if far else Target(HELD, ("first", "leg_spacing")))


def test_by_default_nothing_is_counted():
    assert built("8", legs=5000) == Target(D(8), ("first",))


@pytest.mark.parametrize("held", [D(0), INSTRUMENT.min_quantity - INSTRUMENT.lot / 2])
def test_the_first_leg_is_never_refused(held: Decimal):
    assert built("8", position=held, max_legs=1, leg_spacing=D("0.5")) == Target(D(8), ("first",))
    assert built("8", legs=0, leg_price=None, max_legs=1, leg_spacing=D("0.5")) == Target(D(8), ("first",))
