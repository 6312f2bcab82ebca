"""Quotes become quantities at prices; what rests already is left alone where it is near enough."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.trading.made import INSTRUMENT, LIMITS, account, quoted
from trading.execution.ladder import Rung, difference, ladder
from trading.money import ONE, multiply
from trading.order import Leg, Order, OrderState, Side
from trading.quote import Quote

D = Decimal


def bid(price: str, holding: str) -> tuple[Quote, Decimal]:
    return Quote(Side.BUY, D(price), D("0.5")), D(holding)


def ask(price: str, holding: str) -> tuple[Quote, Decimal]:
    return Quote(Side.SELL, D(price), D("0.5")), D(holding)


def rungs(*wanted: tuple[Quote, Decimal], held: str = "0", cash: str = "1000") -> list[tuple[str, int, str, str]]:
    of = account(cash=D(cash), position=D(held))
    return [
        (rung.leg.value, rung.level, str(rung.price), str(rung.quantity))
        for rung in ladder(wanted, of, INSTRUMENT, LIMITS)
    ]


def test_each_rung_begins_where_the_one_before_it_ends():
    grid = [bid("98", "2"), bid("99", "1"), ask("101", "1"), ask("100", "0")]
    assert rungs(*grid) == [("bid", 1, "99", "1"), ("bid", 2, "98", "1")]
    assert rungs(*grid, held="1") == [("bid", 1, "98", "1"), ("ask", 1, "100", "1")]
    assert rungs(*grid, held="1.5") == [("bid", 1, "98", "0.5"), ("ask", 1, "100", "1.5")]
    assert rungs(bid("99", "1"), bid("98", "2"), ask("101", "1"), ask("102", "0"), held="2") == [
        ("ask", 1, "101", "1"),
        ("ask", 2, "102", "1"),
    ]


def test_bids_are_rounded_down_and_asks_up_and_one_price_is_one_order():
    assert rungs(bid("99.999", "1"), ask("100.001", "0"), held="0.5") == [
        ("bid", 1, "99.99", "0.5"),
        ("ask", 1, "100.01", "0.5"),
    ]
    assert rungs(bid("99.999", "1"), bid("99.991", "2")) == [("bid", 1, "99.99", "2")]


def test_what_is_too_small_is_left_to_the_next_rung():
    assert rungs(bid("99", "0.01"), bid("98", "1")) == [("bid", 1, "98", "1")]
    assert rungs(ask("101", "0.99"), ask("102", "0"), held="1") == [("ask", 1, "102", "1")]
    assert rungs(bid("0.001", "1")) == []


def test_bids_end_where_the_cash_does():
    # 99 and its buffer of 2 % are 100.98: what is left pays for nothing.
    assert rungs(bid("99", "1"), bid("98", "2"), cash="101") == [("bid", 1, "99", "1")]
    assert rungs(bid("99", "1"), bid("98", "2"), cash="151") == [("bid", 1, "99", "1"), ("bid", 2, "98", "0.500")]


def compared(
    *working: Order, wanted: Sequence[tuple[str, str]], leg: Leg = Leg.BID, **free: Any
) -> tuple[list[tuple[str, str]], list[str]]:
    made = [Rung(leg, number, D(price), D(quantity)) for number, (price, quantity) in enumerate(wanted, 1)]
    missing, surplus = difference(made, account(working=working, **free), INSTRUMENT, LIMITS)
    return [(str(rung.price), str(rung.quantity)) for rung in missing], [order.client_id for order in surplus]


def test_only_what_is_missing_is_added_and_only_what_is_too_much_is_cancelled():
    here = quoted(Leg.BID, 1, "1", "99")
    assert compared(here, wanted=[("99", "1")]) == ([], [])
    assert compared(here, wanted=[("99", "1.1")]) == ([], [])
    assert compared(here, wanted=[("99", "0.92")]) == ([], [])
    assert compared(here, wanted=[("99", "1.5")]) == ([("99", "0.5")], [])
    assert compared(here, wanted=[("99", "0.8")]) == ([], [here.client_id])
    assert compared(here, wanted=[("98", "1")]) == ([("98", "1")], [here.client_id])
    assert compared(here, wanted=[]) == ([], [here.client_id])


def test_all_that_rests_at_a_price_counts_and_what_has_filled_does_not():
    parts = quoted(Leg.BID, 1, "1", "99", filled="0.6"), quoted(Leg.BID, 2, "0.6", "99")
    assert compared(*parts, wanted=[("99", "1")]) == ([], [])
    assert compared(*parts, wanted=[("99", "0.5")]) == ([], [one.client_id for one in parts])
    # An ask at the same price is something else.
    other = quoted(Leg.ASK, 1, "1", "99", state=OrderState.PARTIAL)
    assert compared(other, wanted=[("99", "1")]) == ([("99", "1")], [other.client_id])


prices = st.decimals(D("50"), D("150"), places=2)
holdings = st.decimals(D(0), D(9), places=3)


@given(
    st.lists(st.tuples(st.sampled_from(Side), prices, holdings), max_size=12),
    st.decimals(D(0), D(9), places=3),
    st.decimals(D(0), D(1000), places=2),
)
def test_a_ladder_never_sells_more_than_is_held_nor_spends_more_than_there_is(
    told: list[tuple[Side, Decimal, Decimal]], held: Decimal, cash: Decimal
):
    wanted = [(Quote(side, price, D("0.5")), holding) for side, price, holding in told]
    made = ladder(wanted, account(cash=cash, position=held), INSTRUMENT, LIMITS)
    bids, asks = ([rung for rung in made if rung.leg is leg] for leg in (Leg.BID, Leg.ASK))
    spent = sum((multiply(multiply(one.price, one.quantity), ONE + LIMITS.cash_buffer) for one in bids), D(0))
    assert spent <= cash
    assert sum((one.quantity for one in asks), D(0)) <= held
    most = max((holding for quote, holding in wanted if quote.side is Side.BUY), default=held)
    assert held + sum((one.quantity for one in bids), D(0)) <= max(most, held)
    assert [one.price for one in bids] == sorted({one.price for one in bids}, reverse=True)
    assert [one.price for one in asks] == sorted({one.price for one in asks})
    assert all(INSTRUMENT.sendable(one.quantity, one.price) for one in made)


@given(st.lists(st.tuples(prices, holdings), max_size=8), st.decimals(D(0), D(9), places=3))
def test_what_was_placed_is_what_was_wanted(told: list[tuple[Decimal, Decimal]], held: Decimal):
    wanted = [(Quote(Side.BUY, price, D("0.5")), holding) for price, holding in told]
    made = ladder(wanted, account(position=held), INSTRUMENT, LIMITS)
    working = tuple(quoted(one.leg, one.level, str(one.quantity), str(one.price)) for one in made)
    assert difference(made, account(working=working), INSTRUMENT, LIMITS) == ([], [])


def test_what_is_missing_is_paid_from_what_is_free():
    # The first ask is a little larger than it should be: the second has only what is left.
    larger = quoted(Leg.ASK, 1, "1.08", "101")
    wanted = [("101", "1"), ("102", "1")]
    held = {"reserved_position": D("1.08")}
    assert compared(larger, wanted=wanted, leg=Leg.ASK, position=D("0.92"), **held) == ([("102", "0.92")], [])
    assert compared(larger, wanted=wanted, leg=Leg.ASK, position=D("-0.1"), **held) == ([], [])
    larger = quoted(Leg.BID, 1, "1.08", "99")
    wanted = [("99", "1"), ("98", "1")]
    assert compared(larger, wanted=wanted, cash=D("49.98"), reserved_cash=D(200)) == ([("98", "0.5")], [])


@given(
    st.lists(st.tuples(st.sampled_from([Leg.BID, Leg.ASK]), prices, holdings, holdings), max_size=8),
    st.decimals(D(-1), D(9), places=3),
    st.decimals(D(-1), D(1000), places=2),
)
def test_no_more_is_asked_for_than_is_free(
    told: list[tuple[Leg, Decimal, Decimal, Decimal]], position: Decimal, cash: Decimal
):
    made = {(leg, price): wanted for leg, price, wanted, _ in told}
    rungs = [Rung(leg, number, price, wanted) for number, ((leg, price), wanted) in enumerate(made.items(), 1)]
    working = tuple(quoted(leg, 1, str(there), str(price)) for leg, price, _, there in told if there)
    missing, _ = difference(rungs, account(position=position, cash=cash, working=working), INSTRUMENT, LIMITS)
    spent = sum((one.price * one.quantity * D("1.02") for one in missing if one.leg is Leg.BID), D(0))
    assert spent <= max(cash, D(0))
    assert sum((one.quantity for one in missing if one.leg is Leg.ASK), D(0)) <= max(position, D(0))
