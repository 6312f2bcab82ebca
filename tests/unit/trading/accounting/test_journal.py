"""Every journal sums to zero per currency; what an order reserved is gone when it is settled."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.trading.made import INSTRUMENT, NOW, order
from trading.accounting import journal
from trading.accounting.journal import Journal, Line, imbalance
from trading.errors import BadData
from trading.fill import Fill
from trading.order import Leg, OrderRequest, OrderState, OrderType, Side

D = Decimal
BUFFER = D("0.02")


def request(side: Side, quantity: Decimal, price: Decimal) -> OrderRequest:
    leg = Leg.ENTRY if side is Side.BUY else Leg.EXIT
    return replace(order(leg, OrderState.INTENT).request, quantity=quantity, reference_price=price)


def fill(number: int, side: Side, price: Decimal, quantity: Decimal, fee: Decimal, currency: str) -> Fill:
    return Fill("venue", "BTC/USDT", str(number), "7", "id", side, price, quantity, fee, currency, NOW)


def total(journals: list[Journal], account: str, currency: str) -> Decimal:
    lines = [line for one in journals for line in one.lines]
    return sum((line.amount for line in lines if (line.account, line.currency) == (account, currency)), D(0))


QUANTITIES = st.decimals("0.001", 1000, places=3)
PRICES = st.decimals("0.01", 10**6, places=2)
FILLS = st.lists(
    st.tuples(PRICES, QUANTITIES, st.decimals(0, 5, places=8), st.sampled_from(["BTC", "USDT", "BNB"])), max_size=8
)


@given(st.sampled_from(Side), QUANTITIES, PRICES, FILLS)
def test_whatever_fills_nothing_stays_reserved_and_all_sums_to_zero(
    side: Side, quantity: Decimal, price: Decimal, fills: list[tuple[Decimal, Decimal, Decimal, str]]
):
    journals = [
        journal.deposit("book", "strategy", "BTC/USDT", "USDT", D(1000)),
        journal.reserve(request(side, quantity, price), "id", INSTRUMENT, BUFFER),
    ]
    # partial fills, none at all, and more than was ordered
    journals += [journal.fill("book", fill(number, side, *parts), INSTRUMENT) for number, parts in enumerate(fills)]
    held = INSTRUMENT.quote if side is Side.BUY else INSTRUMENT.base
    journals.append(journal.release(side, "id", len(journals), INSTRUMENT, total(journals, "reserved", held)))
    assert all(imbalance(one.lines) == {} for one in journals)
    assert imbalance(line for one in journals for line in one.lines) == {}
    assert total(journals, "reserved", "USDT") == total(journals, "reserved", "BTC") == 0
    sign = side.sign
    bought = sum((parts[1] for parts in fills), D(0)) * sign
    paid = sum((parts[0] * parts[1] for parts in fills), D(0)) * sign
    fees = {name: sum((parts[2] for parts in fills if parts[3] == name), D(0)) for name in ("BTC", "USDT", "BNB")}
    assert total(journals, "position", "BTC") == bought - fees["BTC"]
    assert total(journals, "cash", "USDT") == 1000 - paid - fees["USDT"]
    assert total(journals, "cash", "BNB") == -fees["BNB"]
    assert all(total(journals, "fees", name) == fees[name] for name in fees)
    assert len({one.journal_id for one in journals}) == len(journals)


def test_a_buy_reserves_quote_with_its_buffer_and_a_limit_at_its_limit():
    entry = request(Side.BUY, D(5), D(100))
    assert journal.reserve(entry, "id", INSTRUMENT, BUFFER).lines[0] == Line("reserved", "USDT", D("510"))
    limited = replace(entry, type=OrderType.LIMIT, limit=D(90))
    assert journal.reserve(limited, "id", INSTRUMENT, BUFFER).lines[0] == Line("reserved", "USDT", D("459"))


def test_a_sale_reserves_what_it_sells():
    assert journal.reserve(request(Side.SELL, D(5), D(100)), "id", INSTRUMENT, BUFFER).lines == (
        Line("reserved", "BTC", D(5)),
        Line("position", "BTC", D(-5)),
    )


def test_a_fill_without_fee_has_no_fee_lines():
    lines = journal.fill("book", fill(1, Side.SELL, D(100), D(1), D(0), "USDT"), INSTRUMENT).lines
    assert {line.account for line in lines} == {"reserved", "market", "cash"}


def test_a_journal_that_does_not_balance_is_never_made(monkeypatch: pytest.MonkeyPatch):
    assert imbalance([Line("cash", "USDT", D(1)), Line("fees", "BTC", D(2)), Line("market", "BTC", D(-2))]) == {
        "USDT": D(1)
    }
    monkeypatch.setattr(journal, "multiply", lambda left, right: D("NaN"))
    with pytest.raises(BadData, match="does not balance"):
        journal.fill("book", fill(1, Side.SELL, D(100), D(1), D(0), "USDT"), INSTRUMENT)


@pytest.mark.parametrize("side", Side)
def test_what_strangers_trade_is_paid_from_cash_and_position_and_reserves_nothing(side: Side):
    trade = fill(1, side, D(100), D(2), D("0.1"), "BNB")
    own, theirs = journal.fill("book", trade, INSTRUMENT), journal.foreign("book", trade, INSTRUMENT)
    assert (theirs.kind, theirs.ref, theirs.journal_id) == ("FOREIGN", "book", f"foreign:{own.journal_id}")
    assert imbalance(theirs.lines) == {}
    assert total([theirs], "reserved", "USDT") == total([theirs], "reserved", "BTC") == 0
    assert total([theirs], "cash", "USDT") == -side.sign * 200
    assert total([theirs], "position", "BTC") == side.sign * 2
    assert total([theirs], "cash", "BNB") == D("-0.1")


def test_a_difference_that_a_person_accepts_is_capital():
    found = journal.adjustment("book", "adjustment:1", "USDT", D("-0.5"))
    assert found == Journal(
        "adjustment:1", "ADJUSTMENT", "book", (Line("cash", "USDT", D("-0.5")), Line("capital", "USDT", D("0.5")))
    )


def test_a_reversal_takes_back_every_line():
    made = journal.fill("book", fill(1, Side.BUY, D(100), D(2), D("0.002"), "BTC"), INSTRUMENT)
    back = journal.reversal(made)
    assert (back.journal_id, back.kind, back.ref) == (f"reversal:{made.journal_id}", "REVERSAL", made.ref)
    assert all(total([made, back], line.account, line.currency) == 0 for line in made.lines)
