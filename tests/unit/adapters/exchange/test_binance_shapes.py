from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from adapters.exchange import binance_shapes as shapes
from tests.unit.trading.made import INSTRUMENT, NOW, order
from trading.errors import BadData
from trading.order import Leg, OrderState, OrderType, Side
from trading.timeframe import EPOCH

ORDER = replace(order(Leg.STOP, OrderState.SENDING, "5", "90.50"), sent_at=NOW, recv_window_ms=3000)
PART = {"price": "100.0", "qty": "2.00", "commission": "0.002", "commissionAsset": "BTC", "tradeId": 3}
ANSWER: dict[str, Any] = {"orderId": 7, "transactTime": 1000, "fills": [PART, PART | {"tradeId": 4, "qty": "3"}]}
TRADE: dict[str, Any] = {**PART, "id": 3, "orderId": 7, "time": 1000, "isBuyer": False}
ROW = {"orderId": 7, "clientOrderId": "mine", "status": "NEW", "executedQty": "0.00"}


def test_an_order_is_worded_with_its_own_time_and_exact_numbers():
    parameters = shapes.order_parameters(ORDER, "BTCUSDT")
    assert (parameters["timestamp"], parameters["recvWindow"]) == (round((NOW - EPOCH).total_seconds() * 1000), 3000)
    assert (parameters["quantity"], parameters["stopPrice"], parameters["type"]) == ("5", "90.5", "STOP_LOSS")
    limited = replace(ORDER, request=replace(ORDER.request, type=OrderType.LIMIT, limit=Decimal("1E+2"), stop=None))
    asked = shapes.order_parameters(limited, "BTCUSDT")
    assert (asked["price"], asked["timeInForce"], "stopPrice" in asked) == ("100", "GTC", False)


@pytest.mark.parametrize(
    "wrong",
    [
        replace(ORDER, sent_at=None),
        replace(ORDER, recv_window_ms=None),
        replace(ORDER, request=replace(ORDER.request, stop=None)),
    ],
)
def test_an_order_that_lacks_a_part_is_not_worded(wrong: Any):
    with pytest.raises(ValueError, match=ORDER.client_id):
        shapes.order_parameters(wrong, "BTCUSDT")


def test_the_fills_of_an_answer_are_the_orders_own():
    first, second = shapes.fills_of_answer("venue", ORDER, ANSWER)
    assert (first.trade_id, second.trade_id, first.side, first.client_id) == ("3", "4", Side.SELL, ORDER.client_id)
    assert (first.quantity, second.quantity, first.price) == (Decimal(2), Decimal(3), Decimal(100))
    assert shapes.fills_of_answer("venue", ORDER, {"orderId": 7}) == ()


def test_every_digit_of_a_trade_counts():
    long = "0.12345678901234567890123"
    assert shapes.fill("venue", "BTC/USDT", TRADE | {"price": long, "qty": long}).price == Decimal(long)


UNREADABLE: list[dict[str, Any]] = [
    {"price": "NaN"},
    {"price": 100.0},
    {"qty": "-2"},
    {"qty": "0"},
    {"commission": None},
    {"commissionAsset": None},
    {"commissionAsset": "B\x00"},
]


@pytest.mark.parametrize("wrong", [*UNREADABLE, {"tradeId": "x"}, {"tradeId": True}])
def test_of_an_answer_with_an_unreadable_fill_none_is_taken(wrong: dict[str, Any]):
    assert shapes.fills_of_answer("venue", ORDER, ANSWER | {"fills": [PART, PART | wrong]}) == ()


@pytest.mark.parametrize("wrong", [{"transactTime": 10**17}, {"transactTime": None}, {"orderId": 2**63}, {"fills": 5}])
def test_nor_of_an_answer_without_time_or_id(wrong: dict[str, Any]):
    assert shapes.fills_of_answer("venue", ORDER, ANSWER | wrong) == ()


def test_a_trade_says_who_bought():
    assert shapes.fill("venue", "BTC/USDT", TRADE).side is Side.SELL
    assert shapes.fill("venue", "BTC/USDT", TRADE | {"isBuyer": True}).side is Side.BUY


@pytest.mark.parametrize(
    "wrong", [*UNREADABLE, {"id": "3"}, {"id": 3.0}, {"orderId": None}, {"time": 10**17}, {"isBuyer": "false"}]
)
def test_what_is_no_trade_is_bad_data(wrong: dict[str, Any]):
    with pytest.raises(BadData):
        shapes.fill("venue", "BTC/USDT", TRADE | wrong)


def test_an_order_is_the_one_that_was_asked_for():
    assert shapes.venue_order(ROW, "BTC/USDT", "mine").state is OrderState.ACKED
    with pytest.raises(BadData, match="asked for another"):
        shapes.venue_order(ROW, "BTC/USDT", "another")


@pytest.mark.parametrize(
    "wrong",
    [{"executedQty": "-1"}, {"executedQty": "NaN"}, {"status": "FILLED"}, {"orderId": "7"}, {"clientOrderId": 5}],
)
def test_what_is_no_order_is_bad_data(wrong: dict[str, Any]):
    with pytest.raises(BadData):
        shapes.venue_order(ROW | wrong, "BTC/USDT")


def test_fees_are_the_accounts():
    charged = shapes.with_fees(INSTRUMENT, {"maker": "0.0001", "taker": "0.0002"})
    assert (charged.maker_fee, charged.taker_fee) == (Decimal("0.0001"), Decimal("0.0002"))
