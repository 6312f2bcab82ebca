"""Faults of single requests, over HTTP: every endpoint can be struck, and what the venue did is told by its record."""

import time
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from threading import Thread
from typing import Any

import pytest
import requests

from adapters.exchange.court_record import accepted_orders, lines
from tests.integration.simulator.simulator_process import SimulatorProcess
from trading.errors import Misconfigured

PATHS = {
    "query": "/api/v3/order",
    "open_orders": "/api/v3/openOrders",
    "account": "/api/v3/account",
    "trades": "/api/v3/myTrades",
}


def buy(simulator: SimulatorProcess, client_id: str, **changes: str) -> requests.Response:
    order = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.1", "newClientOrderId": client_id}
    return simulator.ask("POST", "/api/v3/order", **(order | changes))


def resting(simulator: SimulatorProcess, client_id: str, factor: str = "0.9") -> requests.Response:
    price = simulator.control().state().last_prices["BTC/USDT"] or Decimal(1)
    limit = str((price * Decimal(factor)).quantize(Decimal("0.01")))
    return buy(simulator, client_id, type="LIMIT", price=limit, timeInForce="GTC")


def cancel(simulator: SimulatorProcess, client_id: str) -> requests.Response:
    return simulator.ask("DELETE", "/api/v3/order", symbol="BTCUSDT", origClientOrderId=client_id)


def rule(fault: str, on: str = "order", **more: Any) -> dict[str, Any]:
    return {"rules": [{"fault": fault, "on": on, "next": 1, **more}]}


@pytest.mark.parametrize("fault", ["lose_answer", "reset_answer", "short_answer"])
def test_f1_an_accepted_order_whose_connection_breaks(simulator: SimulatorProcess, fault: str):
    simulator.control().faults(rule(fault))
    with pytest.raises(requests.RequestException) as broken:
        buy(simulator, "c1")
    assert ("reset" in str(broken.value).lower()) is (fault == "reset_answer")
    assert [order.client_id for order in accepted_orders(simulator.record)] == ["c1"]


def test_f1_an_accepted_order_whose_answer_does_not_come_in_time(simulator: SimulatorProcess):
    simulator.control().faults(rule("delay_answer", milliseconds=1500))
    with pytest.raises(requests.Timeout):
        simulator.ask("POST", "/api/v3/order", wait=0.4, symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.1")
    assert len(accepted_orders(simulator.record)) == 1


FALSE = {
    "empty_200": (200, ""),
    "html_200": (200, "<html><body>OK</body></html>"),
    "null_200": (200, "null"),
    "list_200": (200, "[]"),
    "object_200": (200, "{}"),
    "timeout_504": (504, '{"code":-1007,"msg":"Timeout waiting for response from backend server."}'),
}


def test_f2_f3_an_accepted_order_with_a_false_answer(simulator: SimulatorProcess):
    for fault, expected in FALSE.items():
        simulator.control().faults(rule(fault))
        answer = buy(simulator, fault)
        assert (answer.status_code, answer.text) == expected
    assert [order.client_id for order in accepted_orders(simulator.record)] == list(FALSE)


@pytest.mark.parametrize(("fault", "number"), [("other_client_id", 1), ("foreign_order", 1_000_001)])
def test_f2_the_answer_is_about_another_order(simulator: SimulatorProcess, fault: str, number: int):
    simulator.control().faults(rule(fault))
    body = buy(simulator, "c1").json()
    assert (body["clientOrderId"], body["orderId"]) == ("somebody-else", number)
    simulator.control().faults(rule(fault, "query"))
    assert (
        simulator.ask("GET", PATHS["query"], symbol="BTCUSDT", orderId="1").json()["clientOrderId"] == "somebody-else"
    )


def test_f3_whether_an_order_lives_behind_the_same_answer_is_a_seeded_coin(simulator: SimulatorProcess):
    def lives() -> list[bool]:
        coin = {"fault": "timeout_504", "next": 12, "acts": 0.5}
        simulator.control().faults({"seed": 3, "rules": [coin]})
        before = len(accepted_orders(simulator.record))
        ids = [f"{before}-{number}" for number in range(12)]
        assert {buy(simulator, one, quantity="0.001").status_code for one in ids} == {504}
        taken = {order.client_id for order in accepted_orders(simulator.record)}
        return [one in taken for one in ids]

    first = lives()
    assert set(first) == {True, False}
    assert lives() == first


def test_f4_a_query_says_that_there_is_no_such_order(simulator: SimulatorProcess):
    buy(simulator, "c1")
    simulator.control().faults(rule("missing_2013", "query"))
    asked = [simulator.ask("GET", PATHS["query"], symbol="BTCUSDT", origClientOrderId="c1") for _ in range(2)]
    assert [(answer.status_code, answer.json().get("code")) for answer in asked] == [(400, -2013), (200, None)]


@pytest.mark.parametrize(("queued", "status"), [(3000, 200), (6000, 400)])
def test_f5_a_queued_order_is_accepted_late_or_beyond_its_window_refused(
    simulator: SimulatorProcess, queued: int, status: int
):
    """The queue is as long as it is in the venue's time, however far the clock is advanced at once."""
    control, answers = simulator.control(), []
    control.faults(rule("queue", milliseconds=queued))
    now = simulator.clock().now()
    sender = Thread(target=lambda: answers.append(buy(simulator, "c1", recvWindow="5000")))
    sender.start()
    while not any(event["event"] == "request" for event in lines(simulator.record)):
        time.sleep(0.02)
    assert accepted_orders(simulator.record) == []
    while not control.advance(now + timedelta(minutes=30)).done:
        pass
    sender.join(10)
    assert answers[0].status_code == status
    late = [order.at - round(now.timestamp() * 1000) for order in accepted_orders(simulator.record)]
    assert late == ([3000] if status == 200 else [])
    assert status == 200 or answers[0].json()["code"] == -1021


def test_f6_requests_in_the_window_of_a_429_are_in_the_record_and_bring_a_ban(simulator: SimulatorProcess):
    simulator.control().faults(rule("too_many_429", "account", milliseconds=30_000))
    struck = simulator.ask("GET", PATHS["account"])
    assert (struck.status_code, struck.headers["Retry-After"]) == (429, "30")
    ignored = [simulator.ask("GET", PATHS["account"]) for _ in range(12)]
    assert [answer.status_code for answer in ignored] == [429] * 9 + [418] * 3
    assert 0 < int(ignored[0].headers["Retry-After"]) <= 30
    assert 100 < int(ignored[-1].headers["Retry-After"]) <= 121
    warned = [event for event in lines(simulator.record) if event["event"] == "warned"]
    assert [(event["status"], event["ignored"]) for event in warned] == [(429, False)] + [
        (answer.status_code, True) for answer in ignored
    ]
    assert warned[0]["path"] == PATHS["account"]


def test_f6_the_window_ends(simulator: SimulatorProcess):
    simulator.control().faults(rule("too_many_429", "account", milliseconds=500))
    assert simulator.ask("GET", PATHS["account"]).headers["Retry-After"] == "1"
    assert simulator.ask("GET", PATHS["account"]).status_code == 429
    time.sleep(0.6)
    assert simulator.ask("GET", PATHS["account"]).status_code == 200


def test_f7_the_order_count_limit_says_when_to_come_again(simulator: SimulatorProcess):
    assert buy(simulator, "c1").headers["X-MBX-ORDER-COUNT-10S"] == "1"
    refused = buy(simulator, "c2", quantity="0.00001")
    assert (refused.status_code, refused.headers["X-MBX-ORDER-COUNT-10S"]) == (400, "2")
    simulator.control().faults(rule("order_count_1015"))
    struck = buy(simulator, "c3")
    assert (struck.status_code, struck.json()["code"], struck.headers["Retry-After"]) == (429, -1015, "5")
    assert int(struck.headers["X-MBX-USED-WEIGHT-1M"]) > 0


def test_f12_a_trade_id_comes_again_with_other_numbers(simulator: SimulatorProcess):
    buy(simulator, "c1")
    right = simulator.ask("GET", PATHS["trades"], symbol="BTCUSDT").json()
    simulator.control().faults(rule("changed_trade", "trades"))
    wrong = simulator.ask("GET", PATHS["trades"], symbol="BTCUSDT").json()
    assert [row["id"] for row in wrong] == [row["id"] for row in right]
    assert Decimal(wrong[-1]["qty"]) == 2 * Decimal(right[-1]["qty"])
    assert simulator.ask("GET", PATHS["trades"], symbol="BTCUSDT").json() == right


def test_f11_f17_lists_come_twice_in_wrong_order_short_or_empty(simulator: SimulatorProcess):
    resting(simulator, "c1")
    resting(simulator, "c2", "0.8")
    shown = {"repeated_rows": [1, 1, 2, 2], "reversed_rows": [2, 1], "missing_row": [1], "list_200": []}
    for fault, numbers in shown.items():
        simulator.control().faults(rule(fault, "open_orders"))
        rows = simulator.ask("GET", PATHS["open_orders"], symbol="BTCUSDT").json()
        assert [row["orderId"] for row in rows] == numbers


def test_f17_reads_answer_falsely(simulator: SimulatorProcess):
    buy(simulator, "c1")
    resting(simulator, "c2")
    false = {
        "list_200": (200, "[]"),
        "object_200": (200, "{}"),
        "unexpected_500": (500, None),
        "gateway_502": (502, None),
    }
    for on, path in PATHS.items():
        for fault, (status, text) in false.items():
            simulator.control().faults(rule(fault, on))
            answer = simulator.ask("GET", path, symbol="BTCUSDT", orderId="1")
            assert (on, answer.status_code) == (on, status)
            assert text is None or answer.text == text
        assert simulator.ask("GET", path, symbol="BTCUSDT", orderId="1").json() not in ([], {})


def test_f13_a_cancel_whose_answer_is_lost_was_done(simulator: SimulatorProcess):
    resting(simulator, "c1")
    simulator.control().faults(rule("lose_answer", "cancel"))
    with pytest.raises(requests.ConnectionError):
        cancel(simulator, "c1")
    assert simulator.ask("GET", PATHS["query"], symbol="BTCUSDT", orderId="1").json()["status"] == "CANCELED"


def test_f13_a_cancel_that_is_falsely_told_unknown_was_not_done(simulator: SimulatorProcess):
    resting(simulator, "c1")
    simulator.control().faults(rule("unknown_2011", "cancel"))
    assert cancel(simulator, "c1").json()["code"] == -2011
    assert cancel(simulator, "c1").json()["status"] == "CANCELED"


def test_f14_a_stop_is_refused_and_other_orders_are_not(simulator: SimulatorProcess):
    price = simulator.control().state().last_prices["BTC/USDT"] or Decimal(1)
    stop = {"side": "SELL", "type": "STOP_LOSS", "stopPrice": str((price * Decimal("0.9")).quantize(Decimal("0.01")))}
    for fault, code, message in (
        ("percent_price_1013", -1013, "PERCENT_PRICE_BY_SIDE"),
        ("notional_1013", -1013, "NOTIONAL"),
        ("would_trigger_2010", -2010, "trigger immediately"),
    ):
        simulator.control().faults(rule(fault, "stop"))
        assert buy(simulator, fault).status_code == 200
        refused = buy(simulator, "s1", **stop)
        assert (refused.status_code, refused.json()["code"]) == (400, code)
        assert message in refused.json()["msg"]
    assert buy(simulator, "s2", **stop).status_code == 200


def test_f20_any_endpoint_is_redirected_cut_off_or_answered_by_a_proxy(simulator: SimulatorProcess):
    control = simulator.control()
    read = {"symbol": "BTCUSDT", "orderId": "1"}
    asked: dict[str, Callable[[], requests.Response]] = {
        "order": lambda: buy(simulator, "c1"),
        "cancel": lambda: cancel(simulator, "c1"),
        "query": lambda: simulator.ask("GET", PATHS["query"], **read),
        "account": lambda: simulator.ask("GET", PATHS["account"], **read),
        "market": lambda: simulator.ask("GET", "/api/v3/exchangeInfo"),
        "any": lambda: simulator.ask("GET", "/api/v3/time"),
    }
    for on, ask in asked.items():
        control.faults(rule("redirect_302", on))
        assert ask().status_code == 302
        control.faults(rule("firewall_403", on))
        assert ask().headers["Content-Type"].startswith("text/html")
        for fault in ("garbage_before", "reset_before", "close_before"):
            control.faults(rule(fault, on))
            with pytest.raises(requests.ConnectionError):
                ask()
            assert control.struck() == [1]
    assert accepted_orders(simulator.record) == []


def test_a_rule_can_wait_name_a_symbol_and_says_how_often_it_struck(simulator: SimulatorProcess):
    control = simulator.control()
    control.faults({"rules": [{"fault": "rejected_503", "next": 2, "skip": 1, "symbol": "BTC/USDT"}]})
    codes = [buy(simulator, f"b{number}").status_code for number in range(4)]
    assert codes == [200, 503, 503, 200]
    assert buy(simulator, "e1", symbol="ETHUSDT").status_code == 200
    assert control.struck() == [2]


@pytest.mark.parametrize(
    ("wrong", "named"), [(rule("no_such"), "no fault 'no_such'"), (rule("overfill", "query"), "overfill strikes on")]
)
def test_a_wrong_plan_is_refused_by_name(simulator: SimulatorProcess, wrong: dict[str, Any], named: str):
    with pytest.raises(Misconfigured, match=named):
        simulator.control().faults(wrong)
