"""Other fee rates: what fills would have paid, by hand and for any fill."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.trading.made import INSTRUMENT
from trading.order import Side
from trading.simulation.costs import fee
from trading.simulation.fee_change import Bill, Charged, Rates, bills, would_pay

D = Decimal

#: 0.5 BTC bought at 60,000 and sold at 61,000 by an order that rested, each at 0.1 %.
BOUGHT = Charged(Side.BUY, D("0.5"), D(60000), D("0.0005"), "BTC", "BTC", maker=False, rate=D("0.001"))
SOLD = Charged(Side.SELL, D("0.5"), D(61000), D("30.5"), "USDT", "USDT", maker=True, rate=D("0.001"))
#: The fee of a purchase paid in the venue's coin.
IN_COIN = replace(BOUGHT, fee=D("0.06"), fee_currency="BNB")


def test_rates_replace_those_of_the_instrument_and_leave_the_rest():
    other = Rates(taker=D("0.002")).on(INSTRUMENT)
    assert other == replace(INSTRUMENT, taker_fee=D("0.002"))
    assert Rates(maker=D(0)).on(INSTRUMENT) == replace(INSTRUMENT, maker_fee=D(0))


def test_each_currency_has_its_bill():
    assert bills([SOLD, BOUGHT, BOUGHT], Rates(D("0.002"), D("0.003"))) == [
        Bill("BTC", 2, D("0.0010"), D("0.0030")),
        Bill("USDT", 1, D("30.5"), D(61)),
    ]
    assert [one.difference for one in bills([SOLD, BOUGHT], Rates(D("0.002"), D(0)))] == [D("-0.0005"), D("30.5")]
    assert bills([], Rates(D(0), D(0))) == []


def test_only_the_side_that_is_changed_pays_otherwise():
    assert would_pay(BOUGHT, Rates(maker=D("0.05"))) == BOUGHT.fee
    assert would_pay(SOLD, Rates(taker=D("0.05"))) == SOLD.fee


def test_a_fee_in_a_third_currency_is_scaled_or_not_known():
    assert would_pay(IN_COIN, Rates(taker=D("0.0005"))) == D("0.03")
    for rate in (None, D(0)):
        unknown = replace(IN_COIN, rate=rate)
        assert would_pay(unknown, Rates(taker=D("0.0005"))) is None
        (bill,) = bills([IN_COIN, unknown], Rates(taker=D("0.0005")))
        assert (bill.was, bill.would_be, bill.difference) == (D("0.12"), None, None)


amounts = st.decimals("0.00001", "1000", places=5)


@given(st.sampled_from(Side), amounts, amounts, st.decimals("0", "0.1", places=4), st.booleans())
def test_the_rate_that_was_charged_gives_the_fee_that_was_paid(
    side: Side, quantity: Decimal, price: Decimal, rate: Decimal, maker: bool
):
    received = "BTC" if side is Side.BUY else "USDT"
    paid = fee(side, quantity, quantity * price, rate)
    fill = Charged(side, quantity, price, paid, received, received, maker, rate)
    assert would_pay(fill, Rates(rate, rate)) == paid
    (bill,) = bills([fill], Rates(rate, rate))
    assert bill.difference == 0
