"""Prints against each other: a spike is held back, a new price is believed when others follow."""

from decimal import Decimal

import pytest

from trading.market.print_watch import FEWEST, HELD_SECONDS, REMEMBERED, PrintWatch


def watch(*prices: str) -> PrintWatch:
    made = PrintWatch(0.05)
    for price in prices:
        made.take(Decimal(price), 0)
    return made


@pytest.mark.parametrize(
    ("price", "held"), [("104", False), ("105", False), ("105.01", True), ("94.99", True), ("1000", True), ("10", True)]
)
def test_a_print_far_from_the_others_is_a_spike_for_a_while(price: str, held: bool):
    watching = watch(*["100"] * REMEMBERED)
    watching.take(Decimal(price), 10)
    assert bool(watching.wrong(10)) is held
    assert bool(watching.wrong(10 + HELD_SECONDS - 1)) is held
    assert watching.wrong(10 + HELD_SECONDS) == {}


def test_too_few_prints_make_no_opinion():
    assert watch(*["100"] * (FEWEST - 1), "200").wrong(0) == {}


def test_a_new_price_is_believed_when_half_of_the_prints_say_it():
    watching = watch(*["100"] * REMEMBERED)
    for number in range(REMEMBERED):
        watching.take(Decimal(110), number)
    # the eleventh print is the last that differs from the middle
    assert watching.wrong(10 + HELD_SECONDS - 1)
    assert watching.wrong(10 + HELD_SECONDS) == {}
