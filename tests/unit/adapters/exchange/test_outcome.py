import pytest

from adapters.exchange.ccxt_client import WireAnswer
from adapters.exchange.outcome import REFUSALS, classify
from trading.order import OrderState
from trading.ports import Verdict

MINE = "tw-abc-a1"
TAKEN = {"orderId": 7, "clientOrderId": MINE, "status": "NEW", "executedQty": "0.0"}


def verdict(status: int | None, body: object) -> Verdict:
    return classify(WireAnswer(status, body, "why"), MINE, "clientOrderId").verdict


def test_accepted_needs_the_venue_order_id_a_state_and_the_echo():
    outcome = classify(WireAnswer(200, TAKEN, ""), MINE, "clientOrderId")
    assert (outcome.verdict, outcome.venue_order_id, outcome.state) == (Verdict.ACCEPTED, "7", OrderState.ACKED)


@pytest.mark.parametrize(
    "body",
    [
        TAKEN | {"clientOrderId": "another"},
        TAKEN | {"orderId": None},
        TAKEN | {"status": "NEW_WORD"},
        {name: value for name, value in TAKEN.items() if name != "executedQty"},
        {},
        [],
        None,
        "OK",
    ],
)
def test_a_200_that_does_not_prove_it_is_unknown(body: object):
    assert verdict(200, body) is Verdict.UNKNOWN


@pytest.mark.parametrize("status", [None, 201, 302, 400, 500, 503])
def test_a_good_body_with_another_status_is_unknown(status: int | None):
    assert verdict(status, TAKEN) is Verdict.UNKNOWN


def test_only_listed_pairs_are_refusals():
    for status, code in REFUSALS:
        assert verdict(status, {"code": code, "msg": "no"}) is Verdict.REFUSED
        assert verdict(500, {"code": code, "msg": "no"}) is Verdict.UNKNOWN
    for code in (-1000, -1006, -1007, -2021, -9999):
        assert verdict(400, {"code": code, "msg": "no"}) is Verdict.UNKNOWN


def test_a_duplicate_means_that_one_of_ours_lives():
    assert verdict(400, {"code": -2010, "msg": "Duplicate order sent."}) is Verdict.UNKNOWN


@pytest.mark.parametrize(
    "wrong",
    [
        {"orderId": True},
        {"orderId": "7"},
        {"orderId": 7.0},
        {"executedQty": "NaN"},
        {"executedQty": "-1"},
        {"executedQty": 0.5},
        {"executedQty": "1E+999999"},
        {"executedQty": None},
        {"status": "FILLED"},
        {"status": None},
    ],
)
def test_a_200_whose_numbers_cannot_be_proves_nothing(wrong: dict[str, object]):
    assert verdict(200, TAKEN | wrong) is Verdict.UNKNOWN
