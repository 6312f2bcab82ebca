"""Shares sum to the whole, to the grain."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.errors import BadData
from trading.tax.apportion import GRAIN, apportion, grains, part, representable

amounts = st.decimals(0, 10**12, places=8)


@given(total=st.decimals(-(10**12), 10**12, places=10), weights=st.lists(amounts, min_size=1, max_size=9).filter(any))
def test_shares_are_the_whole_and_proportional_to_a_grain(total: Decimal, weights: list[Decimal]) -> None:
    shares = apportion(total, weights)
    assert sum(map(grains, shares)) == grains(total)
    whole = sum(map(Fraction, weights))
    for share, weight in zip(shares, weights, strict=True):
        assert abs(Fraction(share) - Fraction(total) * Fraction(weight) / whole) < Fraction(GRAIN)
        assert share == 0 if weight == 0 else True


@given(weights=st.lists(st.decimals(0, 10**6, places=18), min_size=1, max_size=9).filter(any), data=st.data())
def test_no_share_is_above_its_weight(weights: list[Decimal], data: st.DataObject) -> None:
    whole = sum(map(grains, weights))
    total = Decimal(data.draw(st.integers(0, whole))).scaleb(-18)
    assert all(share <= weight for share, weight in zip(apportion(total, weights), weights, strict=True))


def test_a_part_is_rounded_down_and_the_whole_is_whole() -> None:
    assert part(Decimal(1), Decimal(1), Decimal(3)) == Decimal("0.333333333333333333")
    assert part(Decimal(1), Decimal(2), Decimal(3)) == Decimal("0.666666666666666666")
    assert part(Decimal("-1"), Decimal(1), Decimal(3)) == Decimal("-0.333333333333333334")
    assert part(Decimal(7), Decimal(3), Decimal(3)) == 7


def test_what_rounding_leaves_over_stays_with_the_last() -> None:
    shares = apportion(Decimal(1), [Decimal(1), Decimal(1), Decimal(1), Decimal(0)])
    assert shares == [
        Decimal("0.333333333333333333"),
        Decimal("0.333333333333333333"),
        Decimal("0.333333333333333334"),
        0,
    ]


def test_what_cannot_be_shared_is_refused() -> None:
    with pytest.raises(BadData, match="nothing to share among"):
        apportion(Decimal(1), [Decimal(0)])
    with pytest.raises(BadData, match="a part of nothing"):
        part(Decimal(1), Decimal(1), Decimal(0))
    with pytest.raises(BadData, match="finer than 18 decimals"):
        grains(Decimal("1e-19"))


def test_trailing_zeros_are_no_decimals() -> None:
    assert representable(Decimal("1.5000000000000000000000"))
    assert not representable(Decimal("NaN"))
    assert not representable(Decimal("1e20"))
    assert grains(Decimal("2.50")) == 25 * 10**17
