import re
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.trading.made import order
from trading.order import TERMINAL, UNSETTLED, Leg, OrderKey, OrderState, Side


@given(st.text(max_size=80), st.integers(1, 10**6), st.sampled_from(Leg), st.text(max_size=70), st.integers(1, 999_999))
def test_client_ids_have_their_form_and_fit(signal_id: str, number: int, leg: Leg, account: str, attempt: int):
    made = OrderKey(signal_id, number, leg).client_id(account, attempt)
    assert re.fullmatch(r"tw-[a-z2-7]{24}-a[1-9]\d*", made)
    assert len(made) <= 36
    assert made == OrderKey(signal_id, number, leg).client_id(account, attempt)


def test_client_ids_are_the_same_on_every_machine():
    assert OrderKey("signal", 1, Leg.ENTRY).client_id("book", 1) == "tw-u35blvfsmriuo6ywl4nh426e-a1"


def test_every_part_of_the_key_counts():
    keys = [OrderKey(signal, number, leg) for signal in "ab" for number in (1, 2) for leg in Leg]
    keys += [OrderKey("a", 1, Leg.BID, level) for level in (1, 2, 11)]
    assert len({key.client_id(account, attempt) for key in keys for account in "xy" for attempt in (1, 2)}) == 92


@given(st.sampled_from(Leg), st.integers(0, 99))
def test_a_place_is_read_back(leg: Leg, level: int):
    key = OrderKey("signal", 3, leg, level)
    assert OrderKey.at("signal", 3, key.place) == key


def test_states_are_terminal_or_open_and_never_both():
    assert not TERMINAL & UNSETTLED
    assert {state for state in OrderState if state.terminal} == TERMINAL
    assert {state for state in OrderState if state.unsettled} == UNSETTLED


def test_sides_and_remainder():
    assert (Side.BUY.sign, Side.SELL.sign) == (1, -1)
    assert order(Leg.ENTRY, OrderState.ACKED, "5").remaining == Decimal(5)
