"""Whether a change allows more risk: told limit by limit, and by what decisions come out of it."""

from decimal import Decimal

import pytest

from trading.limits import LOOSER, Limits
from trading.risk.loosening import loosened

BEFORE = Limits()


@pytest.mark.parametrize(
    ("values", "looser"),
    [
        ({}, ()),
        ({"max_position": "0.96"}, ("max_position",)),
        ({"max_position": "0.5"}, ()),
        ({"cash_buffer": "0.01"}, ("cash_buffer",)),
        ({"cash_buffer": "0.05"}, ()),
        ({"min_rebalance": "0.01"}, ()),
        ({"min_rebalance": "0.5"}, ()),
        ({"max_drawdown": "0.3", "max_order_value": "10", "price_collar": "0.2"}, ("max_drawdown", "price_collar")),
        ({"max_legs": "3", "leg_spacing": "0.01"}, ()),
        ({"target_volatility": "0.0200000000000000000001"}, ("target_volatility",)),
    ],
)
def test_what_allows_more_is_named(values: dict[str, str], looser: tuple[str, ...]) -> None:
    after = Limits(**{**BEFORE.model_dump(), **values})
    assert loosened(BEFORE, after) == looser


def test_the_way_of_every_limit_is_known() -> None:
    assert {*LOOSER, "closed"} == set(Limits.model_fields)


@pytest.mark.parametrize(
    ("before", "after", "looser"),
    [
        ("none", "sat-sun", ()),
        ("sat-sun", "daily 22:00-23:00; sat-sun", ()),
        ("sat-sun", "none", ("closed",)),
        ("sat-sun", "sun", ("closed",)),
    ],
)
def test_hours_that_are_taken_away_loosen(before: str, after: str, looser: tuple[str, ...]) -> None:
    was, wanted = (Limits(closed=each) for each in (before, after))  # pyright: ignore[reportArgumentType]
    assert loosened(was, wanted) == looser


def test_there_and_back_one_of_both_loosens() -> None:
    apart = BEFORE.model_copy(update={"leg_spacing": Decimal("0.01")})
    for name, way in LOOSER.items():
        other = apart.model_copy(update={name: getattr(apart, name) * Decimal("0.9")})
        there, back = loosened(apart, other), loosened(other, apart)
        assert [there, back] == ([(), ()] if way == 0 else [(), (name,)] if way == 1 else [(name,), ()])
