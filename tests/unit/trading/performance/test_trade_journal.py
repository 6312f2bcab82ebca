"""The entries of a journal: by hand for a few trades, and the same money as the round trips for any."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal, localcontext

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from trading.errors import BadData
from trading.money import CONTEXT, ZERO, divide
from trading.performance.holding import Holding
from trading.performance.movement import Movement
from trading.performance.trade_journal import Entry, Excursion, entries, excursion

START = datetime(2024, 3, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
D = Decimal


def move(minute: int, ref: str, base: str, quote: str, fee: str, value: str) -> Movement:
    return Movement(START + minute * MINUTE, "s", "A/Q", ref, D(base), D(quote), D(fee), D(value))


DEPOSIT = Movement(START, "s", "A/Q", "book", ZERO, D(1000), capital=D(1000))
#: Two purchases, one with its fee in base; the sale takes all of the first and one of the second.
FIRST = move(0, "buy-1", "2", "-202", "2", "200")
SECOND = move(1, "buy-2", "3.9", "-440", "11", "440")
SALE = move(5, "sell-1", "-3", "355", "5", "360")


def only(found: list[Entry]) -> Entry:
    (entry,) = found
    return entry


def test_a_round_trip_and_the_rest_by_hand() -> None:
    closed, held = entries([DEPOSIT, FIRST, SECOND, SALE], {"A/Q": D(130)})
    assert (closed.entry_order, closed.entry_orders, closed.exit_order) == ("buy-1", ("buy-1", "buy-2"), "sell-1")
    assert (closed.opened, closed.closed) == (START, START + 5 * MINUTE)
    # Two at 100 and one at 110, whose fee in base is no part of its price.
    assert (closed.quantity, closed.entry_price, closed.exit_price) == (D(3), divide(D(310), D(3)), D(120))
    assert closed.cost == D(202) + round(D(440) / D("3.9"), 12)
    assert (closed.worth, closed.fills) == (D(355), 3)
    assert closed.pnl == D(355) - closed.cost
    assert (held.closed, held.exit_order, held.exit_price) == (None, None, None)
    assert (held.entry_order, held.quantity, held.entry_price) == ("buy-2", D("2.9"), D(110))
    assert held.worth == D("2.9") * 130
    assert held.cost + closed.cost == D(642)


def test_the_order_that_bought_most_is_the_entry_not_a_remainder_before_it() -> None:
    dust = move(0, "old", "0.001", "-0.1", "0", "0.1")
    late = [move(60, "new", "2", "-200", "0", "200"), move(70, "out", "-2.001", "210", "0", "210")]
    found = only(entries([DEPOSIT, dust, *late], {}))
    assert (found.entry_order, found.opened) == ("new", START + 60 * MINUTE)
    again = only(entries([DEPOSIT, *late[:1], move(65, "out", "-2", "210", "0", "210")], {}))
    assert (again.entry_orders, again.fills) == (("new",), 2)


def test_executions_of_one_order_are_one_entry() -> None:
    parts = [move(2, "out", "-0.5", "50", "0", "50"), move(9, "out", "-1.5", "180", "0", "180")]
    found = only(entries([DEPOSIT, FIRST, *parts], {}))
    assert (found.quantity, found.exit_price, found.closed) == (D(2), D(115), START + 9 * MINUTE)


def test_excursions_count_lows_highs_and_the_exit() -> None:
    entry = only(entries([DEPOSIT, FIRST], {"A/Q": D(90)}))
    assert excursion(entry, D(95), D(104)) == Excursion(D(-10), D(8))
    assert excursion(entry, D(101), D(104)) == Excursion(ZERO, D(8))
    assert excursion(entry, None, None) == Excursion(ZERO, ZERO)
    closed = only(entries([DEPOSIT, FIRST, move(1, "out", "-2", "170", "0", "170")], {}))
    assert excursion(closed, D(95), D(104)) == Excursion(D(-30), D(8))


def test_an_accepted_difference_has_no_price_and_no_excursion() -> None:
    given_ = Movement(START, "foreign", "A/Q", "book", D(1), ZERO)
    entry = only(entries([given_], {"A/Q": D(90)}))
    assert (entry.entry_price, entry.cost, entry.worth) == (None, ZERO, D(90))
    assert excursion(entry, D(80), D(100)) is None


def test_no_movement_no_entry_and_what_cannot_be_is_refused() -> None:
    assert entries([], {}) == []
    assert entries([DEPOSIT], {}) == []
    with pytest.raises(BadData, match="more than was bought"):
        entries([DEPOSIT, FIRST, move(5, "out", "-3", "1", "0", "1")], {})
    with pytest.raises(BadData, match="no close is known"):
        entries([DEPOSIT, FIRST], {})


@seed(55)
@settings(max_examples=60, database=None)
@given(st.integers(0, 10**9))
def test_entries_have_the_money_of_the_round_trips(chosen: int) -> None:
    draw, moved, held = random.Random(chosen), [DEPOSIT], ZERO
    for number in range(30):
        price = D(draw.randint(9000, 11000)) / 100
        if draw.random() < 0.5 or held == ZERO:
            quantity = D(draw.randint(1, 999)) / 1000
        else:
            quantity = -min(held, D(draw.randint(1, 999)) / 1000)
        value, fee = abs(quantity) * price, D(draw.randint(0, 9)) / 100
        held += quantity
        moved.append(
            Movement(
                START + number * MINUTE, "s", "A/Q", f"o{number // 2}", quantity, -quantity * price - fee, fee, value
            )
        )
    holding = Holding()
    for one in moved:
        holding.apply(one)
    found = entries(moved, {"A/Q": D(100)})
    with localcontext(CONTEXT):
        assert sum((one.pnl for one in found if one.closed), ZERO) == holding.realised
        assert sum((one.pnl for one in found if not one.closed), ZERO) == holding.unrealised(D(100))
        assert sum((one.fees for one in found), ZERO) == holding.fees
        assert sum((one.quantity for one in found if not one.closed), ZERO) == holding.quantity
    for one in found:
        assert one.opened <= (one.closed or START + 30 * MINUTE)
        assert one.entry_order in one.entry_orders
        assert one.entry_price is not None
        assert D(90) - D("1e-20") <= one.entry_price <= D(110) + D("1e-20")
