"""Decisions made again from their records: equal in any situation, and other ones where something is changed."""

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tests.unit.trading.made import INSTRUMENT, LIMITS, NOW, account, signal
from tests.unit.trading.situations_edges import situation
from trading.decide import Market, decide
from trading.errors import BadData
from trading.limits import Limits
from trading.order import OrderState
from trading.replay import again, differences, outcome, recall, record

D = Decimal


def stored(value: dict[str, Any]) -> dict[str, Any]:
    """Return what a JSON column gives back."""
    return json.loads(json.dumps(value))


def test_a_recalled_decision_is_the_one_that_was_recorded(seed: int):
    verdicts: dict[str, int] = {}
    for number in range(1500):
        told = situation(seed * 10_000 + number)
        market = Market(told.instrument, told.price, told.now)
        made = decide(told.signal, told.account, market, told.limits, told.number)
        kept = stored(record(told.signal, told.account, market, made, 1))
        # Since then every order has gone on.
        later = {
            order.client_id: replace(order, state=OrderState.FILLED, filled=order.request.quantity)
            for order in told.account.working
        }
        ground = recall(kept, told.number, later)
        assert (ground.signal, ground.account, ground.market) == (told.signal, told.account, market)
        was = outcome(kept, verdict=made.verdict, reason=made.reason)
        assert again(ground, told.limits) == was
        verdicts[made.verdict] = verdicts.get(made.verdict, 0) + 1
    assert min(verdicts.get(name, 0) for name in ("TRADE", "HOLD", "DENIED")) > 20


def test_other_limits_make_other_decisions():
    market = Market(INSTRUMENT, D(100), NOW)
    made = decide(signal(), account(), market, LIMITS, 1)
    kept = stored(record(signal(), account(), market, made, 1))
    was = outcome(kept, verdict=made.verdict, reason=made.reason)
    tight = Limits(**{**LIMITS.model_dump(), "max_order_value": D(1)})
    now = again(recall(kept, 1, {}), tight)
    assert (was.verdict, now.verdict) == ("TRADE", "DENIED")
    assert differences(was, now) == ["verdict", "reason", "target", "requests"]
    assert now.reason.startswith("max_order_value: ")
    assert differences(was, was) == []


def test_an_order_is_one_line():
    market = Market(INSTRUMENT, D(100), NOW)
    stopped = signal(stop=D("0.1"))
    made = decide(stopped, account(cash=D(500), position=D(5)), market, LIMITS, 1)
    lines = outcome(
        record(stopped, account(cash=D(500), position=D(5)), market, made, 1), verdict=made.verdict, reason=made.reason
    ).requests
    assert any(line.startswith("stop SELL 5 STOP_LOSS at ") for line in lines), lines


def test_a_record_of_before_there_were_legs_is_made_again():
    market = Market(INSTRUMENT, D(100), NOW)
    kept = stored(record(signal(), account(), market, decide(signal(), account(), market, LIMITS, 1), 1))
    assert (kept["account"].pop("legs"), kept["account"].pop("leg_price")) == (0, None)
    ground = recall(kept, 1, {})
    assert (ground.account.legs, ground.account.leg_price) == (0, None)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda kept: kept["account"].pop("stop_floor"), "stop_floor"),
        (lambda kept: kept["account"].update(cash="much"), "cash"),
        (lambda kept: kept["account"].update(working=[{"client_id": "x", "state": "ACKED", "filled": "0"}]), "'x'"),
        (lambda kept: kept["account"].update(working=["x"]), "how far"),
    ],
)
def test_a_record_that_lacks_something_is_refused(spoil: Any, said: str):
    market = Market(INSTRUMENT, D(100), NOW)
    kept = stored(record(signal(), account(), market, decide(signal(), account(), market, LIMITS, 1), 1))
    spoil(kept)
    with pytest.raises(BadData, match=said):
        again(recall(kept, 1, {}), LIMITS)
