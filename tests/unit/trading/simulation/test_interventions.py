"""Late fills, forced fills, transfers, changed rules and fees in a coin, in the pure exchange."""

from dataclasses import replace
from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.trading.simulation.test_exchange import BPS, BTC, LENGTH, Played, flat, instrument, ticket
from trading.errors import Denied
from trading.order import OrderType, Side
from trading.simulation.exchange import Exchange
from trading.simulation.interventions import DELISTED, change_rules, force, transfer
from trading.simulation.late import Slices
from trading.simulation.working_order import Status

BNB = instrument("BNB/USDT", "0.01", "0.001")
START = {"USDT": Decimal(10_000), "BTC": Decimal(5), "BNB": Decimal("0.005")}
STEP = Decimal("0.00000001")


def venue() -> Exchange:
    rows = {(symbol, at): bar for symbol in ("BTC/USDT", "BNB/USDT") for at, bar in flat(100_000, 5).items()}
    opened = Exchange(instruments=[BTC, BNB], bars=Played(rows), length=LENGTH, start=LENGTH, half_spread_bps=BPS)
    opened.admit("main", START)
    return opened


def held(exchange: Exchange, currency: str) -> Decimal:
    account = exchange.funds.accounts["main"]
    return account.free.get(currency, Decimal(0)) + account.locked.get(currency, Decimal(0))


def walked(exchange: Exchange, to: int) -> None:
    while exchange.advance(to):
        assert all(amount >= 0 for amount in exchange.funds.accounts["main"].locked.values())


@settings(max_examples=60)
@given(
    side=st.sampled_from(Side),
    kind=st.sampled_from([OrderType.MARKET, OrderType.LIMIT]),
    lots=st.integers(20, 45_000),
    parts=st.integers(1, 9),
    canceled_after=st.none() | st.integers(0, 9),
)
def test_late_fills_cost_what_the_same_fills_cost_at_once_and_lock_nothing_in_the_end(
    side: Side, kind: OrderType, lots: int, parts: int, canceled_after: int | None
):
    quantity, limit = lots * BTC.lot, {Side.BUY: "1001", Side.SELL: "999"}[side]
    asked = ticket(side, kind, str(quantity), limit=limit if kind is OrderType.LIMIT else None)
    prompt, late = venue(), venue()
    at_once, trades = prompt.place(asked)
    order, none = late.place(asked, Slices(parts, 1000))
    assert (none, order.status, order.filled) == ([], Status.NEW, 0)
    if canceled_after is not None and canceled_after < parts:
        walked(late, LENGTH + 1000 * canceled_after)
        if order.open:
            late.cancel(order)
        filled = order.filled
        walked(late, LENGTH + 20_000)
        assert order.filled == filled
    else:
        walked(late, LENGTH + 1000 * parts)
        assert (order.filled, order.spent, order.status) == (at_once.filled, at_once.spent, at_once.status)
        assert sum(trade.quote for trade in late.trades) == sum(trade.quote for trade in trades)
        assert {trade.at for trade in late.trades} <= {LENGTH + 1000 * part for part in range(1, parts + 1)}
    if not order.open:
        assert not any(late.funds.accounts["main"].locked.values())


def test_slices_are_equal_parts_at_equal_distances():
    late = venue()
    order, _ = late.place(ticket(Side.BUY, OrderType.MARKET, "1"), Slices(4, 500))
    seen, whole = [], late.funds.accounts["main"].locked["USDT"]
    for part in range(1, 5):
        walked(late, LENGTH + 500 * part)
        seen.append(order.filled)
        assert late.funds.accounts["main"].locked["USDT"] == whole - sum(trade.quote for trade in late.trades)
    assert seen == [2500, 5000, 7500, 10_000]
    assert late.late.due is None


def test_a_forced_fill_ends_at_the_rest_and_goes_beyond_it_when_told():
    exchange = venue()
    order, _ = exchange.place(ticket(Side.SELL, OrderType.LIMIT, "1", limit="2000"))
    assert force(exchange, order, 4000).price == 2000
    assert (order.status, held(exchange, "BTC")) == (Status.PARTIALLY_FILLED, Decimal("4.6"))
    assert exchange.funds.accounts["main"].locked["BTC"] == Decimal("0.6")
    force(exchange, order, 7000)
    assert (order.status, order.filled, held(exchange, "BTC")) == (Status.FILLED, 11_000, Decimal("3.9"))
    assert exchange.funds.accounts["main"].locked["BTC"] == 0
    assert exchange.open_orders("main") == []


def test_a_forced_fill_after_the_cancel_leaves_it_canceled_and_one_that_cannot_be_paid_changes_nothing():
    exchange = venue()
    order, _ = exchange.place(ticket(Side.BUY, OrderType.LIMIT, "1", limit="900"))
    exchange.cancel(order)
    force(exchange, order, 1000)
    assert (order.status, order.filled, held(exchange, "USDT")) == (Status.CANCELED, 1000, Decimal(9_910))
    with pytest.raises(Denied, match="INSUFFICIENT_BALANCE"):
        force(exchange, order, 10_000_000)
    assert (order.filled, held(exchange, "USDT"), len(exchange.trades)) == (1000, Decimal(9_910), 1)


def test_an_order_whose_fills_are_under_way_is_not_filled_by_force():
    exchange = venue()
    order, _ = exchange.place(ticket(Side.BUY, OrderType.MARKET, "1"), Slices(2, 1000))
    with pytest.raises(Denied, match="LATE"):
        force(exchange, order, 1000)
    exchange.cancel(order)
    assert force(exchange, order, 1000).quantity == Decimal("0.1")


def test_a_coin_that_is_sold_whole_does_not_pay_the_fee_of_its_own_sale():
    exchange = venue()
    exchange.funds.fee_coins["main"] = "BNB"
    transfer(exchange, "main", "BNB", Decimal("0.995"))
    asked = ticket(Side.SELL, OrderType.LIMIT, "1", limit="1500")
    order, _ = exchange.place(replace(asked, symbol="BNB/USDT"))
    assert force(exchange, order, 400).fee_currency == "USDT"
    assert (held(exchange, "BNB"), exchange.funds.accounts["main"].locked["BNB"]) == (Decimal("0.6"), Decimal("0.6"))


def test_transfers_move_what_is_free():
    exchange = venue()
    exchange.place(ticket(Side.SELL, OrderType.LIMIT, "4", limit="2000"))
    transfer(exchange, "main", "BTC", Decimal("-0.75"))
    transfer(exchange, "main", "EUR", Decimal(7))
    assert (held(exchange, "BTC"), held(exchange, "EUR")) == (Decimal("4.25"), Decimal(7))
    with pytest.raises(Denied, match="INSUFFICIENT_BALANCE"):
        transfer(exchange, "main", "BTC", Decimal("-0.26"))


def test_rules_bind_new_orders_and_a_delisting_ends_the_old_ones():
    exchange = venue()
    order, _ = exchange.place(ticket(Side.BUY, OrderType.LIMIT, "1", limit="900.05"))
    assert change_rules(exchange, "BTC/USDT", {"tick": Decimal("0.1")}) == []
    with pytest.raises(Denied, match="PRICE_FILTER"):
        exchange.place(ticket(Side.SELL, OrderType.LIMIT, "1", limit="1200.05"))
    with pytest.raises(Denied, match="GRID"):
        change_rules(exchange, "BTC/USDT", {"lot": Decimal("0.00015")})
    assert change_rules(exchange, "BTC/USDT", {"status": DELISTED}) == [order]
    assert (order.status, exchange.funds.accounts["main"].locked["USDT"]) == (Status.CANCELED, 0)
    with pytest.raises(Denied, match="MARKET_CLOSED"):
        exchange.place(ticket(Side.BUY, OrderType.MARKET, "1"))


def test_fees_are_paid_in_the_coin_while_it_lasts_and_from_what_is_received_after():
    exchange = venue()
    exchange.funds.fee_coins["main"] = "BNB"
    for side, quantity in ((Side.BUY, "4"), (Side.SELL, "4"), (Side.BUY, "4"), (Side.SELL, "0.01")):
        exchange.place(ticket(side, OrderType.MARKET, quantity))
    paid: dict[str, Decimal] = dict.fromkeys(("BNB", "BTC", "USDT"), Decimal(0))
    for trade in exchange.trades:
        in_coin = (trade.quote * BTC.taker_fee * Decimal("0.75") / 1000).quantize(STEP, ROUND_HALF_EVEN)
        left = START["BNB"] - paid["BNB"]
        assert (trade.fee_currency == "BNB") is (in_coin <= left)
        assert trade.fee_currency != "BNB" or trade.fee == in_coin
        paid[trade.fee_currency] += trade.fee
    assert all(paid.values())
    assert held(exchange, "BNB") == START["BNB"] - paid["BNB"]
