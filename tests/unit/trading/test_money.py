from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.errors import BadData
from trading.money import decimal, divide, floor_to, multiply, round_to, text

AMOUNTS = st.decimals(-(10**12), 10**12, allow_nan=False, allow_infinity=False, places=8)
STEPS = st.sampled_from([Decimal(step) for step in ("0.00000001", "0.001", "0.05", "1", "2.5", "1000")])


@pytest.mark.parametrize(
    "value",
    [
        True,
        0.1,
        "x",
        "",
        "nan",
        "inf",
        "-Infinity",
        "1E+999999",
        "-1E-99",
        "9" * 5000,
        None,
        Decimal("NaN"),
        Decimal("sNaN"),
    ],
)
def test_what_is_not_a_finite_exact_number_is_refused(value: object):
    with pytest.raises(BadData):
        decimal(value)


@pytest.mark.parametrize("value", ["0.10", 7, Decimal("1E-8"), "-3"])
def test_texts_and_whole_numbers_are_taken_as_they_are(value: object):
    assert decimal(value) == Decimal(str(value))


@given(AMOUNTS, STEPS)
def test_rounding_lands_on_the_grid_on_the_right_side(value: Decimal, step: Decimal):
    low, near = floor_to(value, step), round_to(value, step)
    assert low % step == near % step == 0
    assert abs(low) <= abs(value) < abs(low) + step
    assert abs(near - value) * 2 <= step


@pytest.mark.parametrize("step", ["0", "-1"])
def test_a_step_must_be_positive(step: str):
    with pytest.raises(BadData, match="step must be positive"):
        floor_to(Decimal(1), Decimal(step))


@given(AMOUNTS)
def test_text_is_plain_and_reads_back(value: Decimal):
    written = text(value)
    assert Decimal(written) == value
    assert "E" not in written
    assert not (("." in written) and written.endswith("0"))


@pytest.mark.parametrize(
    ("value", "written"),
    [("-0", "0"), ("0E+5", "0"), ("1E+3", "1000"), ("1E-8", "0.00000001"), ("100", "100"), ("1.500", "1.5")],
)
def test_text_of_awkward_numbers(value: str, written: str):
    assert text(Decimal(value)) == written


def test_products_are_exact_and_quotients_long():
    assert multiply(Decimal("0.12345678"), Decimal("98765432.1")) == Decimal("12193262.222374638")
    assert str(divide(Decimal(1), Decimal(3))) == "0." + "3" * 50
