"""Trading at the real simulator process with real ccxt."""

import time
from datetime import timedelta
from decimal import Decimal
from threading import Thread

import pytest

from adapters.exchange.court_record import accepted_orders, duplicate_orders, lines
from tests.integration.simulator.simulator_process import SimulatorProcess
from trading.errors import Misconfigured
from trading.order import OrderState, OrderType, Side
from trading.ports import Known, Verdict

HOUR = timedelta(hours=1)


def last(simulator: SimulatorProcess, symbol: str = "BTC/USDT") -> Decimal:
    price = simulator.control().state().last_prices[symbol]
    assert price is not None
    return price


def near(simulator: SimulatorProcess, factor: str) -> str:
    return str((last(simulator) * Decimal(factor)).quantize(Decimal("0.01")))


def test_a_market_order_fills_in_parts_pays_its_fee_and_moves_the_balances(simulator: SimulatorProcess):
    venue = simulator.venue()
    outcome = venue.send(simulator.order(Side.BUY, "0.9"))
    assert (outcome.verdict, outcome.state, outcome.filled) == (Verdict.ACCEPTED, OrderState.FILLED, Decimal("0.9"))
    assert len(outcome.fills) > 1
    assert {fill.fee_currency for fill in outcome.fills} == {"BTC"}
    bought = sum(fill.quantity for fill in outcome.fills)
    paid = sum(fill.price * fill.quantity for fill in outcome.fills)
    fees = sum(fill.fee for fill in outcome.fills)
    assert bought == Decimal("0.9")
    assert abs(fees - bought / 1000) < Decimal("0.0000001")
    assert venue.balances() == Known({"BTC": Decimal(1) + bought - fees, "USDT": Decimal(100_000) - paid})
    stored = venue.fills("BTC/USDT", None)
    assert isinstance(stored, Known)
    assert [(fill.trade_id, fill.price, fill.fee) for fill in stored.value] == [
        (fill.trade_id, fill.price, fill.fee) for fill in outcome.fills
    ]
    assert venue.fills("BTC/USDT", stored.value[-1].trade_id) == Known([])


def test_place_find_and_cancel(simulator: SimulatorProcess):
    venue = simulator.venue()
    order = simulator.order(Side.BUY, "0.1", OrderType.LIMIT, limit=near(simulator, "0.9"))
    assert venue.order("BTC/USDT", order.client_id) == Known(None)
    assert venue.send(order).state is OrderState.ACKED
    found = venue.order("BTC/USDT", order.client_id)
    assert isinstance(found, Known)
    assert found.value is not None
    assert venue.open_orders("BTC/USDT") == Known([found.value])
    assert venue.cancel(order).state is OrderState.CANCELED
    assert venue.open_orders("BTC/USDT") == Known([])
    again = venue.cancel(order)
    assert (again.verdict, again.code) == (Verdict.REFUSED, "-2011")


def test_a_stop_is_filled_inside_the_bar_and_the_clock_waits_there(simulator: SimulatorProcess):
    venue, control, clock = simulator.venue(), simulator.control(), simulator.clock()
    stop = simulator.order(Side.SELL, "0.2", OrderType.STOP_LOSS, stop=near(simulator, "0.999"))
    assert venue.send(stop).state is OrderState.ACKED
    to = clock.now() + 24 * HOUR
    step = control.advance(to)
    assert [fill["client_id"] for fill in step.fills] == [stop.client_id]
    assert clock.now() == step.now < to
    assert not step.done
    assert Decimal(step.fills[0]["price"]) < Decimal(str(stop.request.stop))
    while not step.done:
        step = control.advance(to)
    assert clock.now() == to
    assert control.advance(to - HOUR).done
    assert clock.now() == to


def test_a_resting_limit_is_filled_at_its_own_price_as_a_maker(simulator: SimulatorProcess):
    venue, control = simulator.venue(), simulator.control()
    limit = near(simulator, "1.001")
    venue.send(simulator.order(Side.SELL, "0.1", OrderType.LIMIT, limit=limit))
    step = control.advance(simulator.clock().now() + 48 * HOUR)
    assert [(Decimal(fill["price"]), fill["maker"]) for fill in step.fills] == [(Decimal(limit), True)]


@pytest.mark.parametrize(("late", "verdict"), [(-6, Verdict.REFUSED), (2, Verdict.REFUSED), (-4, Verdict.ACCEPTED)])
def test_the_time_fence_refuses_what_is_late_or_early(simulator: SimulatorProcess, late: int, verdict: Verdict):
    order = simulator.order(Side.BUY, "0.01", sent_at=simulator.clock().now() + timedelta(seconds=late))
    outcome = simulator.venue().send(order)
    assert outcome.verdict is verdict
    assert outcome.code == ("-1021" if verdict is Verdict.REFUSED else "")


def test_the_time_fence_is_checked_again_before_matching(simulator: SimulatorProcess):
    """A request held up at the venue while its time passes does nothing."""
    control = simulator.control()
    control.faults({"rules": [{"fault": "delay", "next": 1, "milliseconds": 600}]})
    order, venue, outcomes = simulator.order(Side.BUY, "0.01"), simulator.venue(), []
    venue.instruments(["BTC/USDT"])
    sender = Thread(target=lambda: outcomes.append(venue.send(order)))
    sender.start()
    while sender.is_alive() and not any(event["event"] == "request" for event in lines(simulator.record)):
        time.sleep(0.02)
    control.advance(simulator.clock().now() + timedelta(seconds=6))
    sender.join()
    assert any(event["event"] == "request" for event in lines(simulator.record))
    assert (outcomes[0].verdict, outcomes[0].code) == (Verdict.REFUSED, "-1021")
    assert accepted_orders(simulator.record) == []


def test_a_client_id_is_refused_while_open_and_free_after(simulator: SimulatorProcess):
    """As the venue has it: the id alone does not make an order idempotent; the court record sees the second one."""
    venue = simulator.venue()
    order = simulator.order(Side.BUY, "0.1", OrderType.LIMIT, limit=near(simulator, "0.9"))
    assert venue.send(order).verdict is Verdict.ACCEPTED
    twice = venue.send(order)
    assert (twice.verdict, twice.code) == (Verdict.UNKNOWN, "-2010")
    venue.cancel(order)
    assert duplicate_orders(simulator.record) == 0
    assert venue.send(order).verdict is Verdict.ACCEPTED
    assert duplicate_orders(simulator.record) == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"quantity": "0.00015"}, "-1013"),
        ({"quantity": "50"}, "-2010"),
        ({"quantity": "0.1", "kind": OrderType.LIMIT, "limit": "100.001"}, "-1013"),
        ({"quantity": "0.0001", "kind": OrderType.LIMIT, "limit": "100"}, "-1013"),
        ({"quantity": "0.1", "kind": OrderType.STOP_LOSS, "stop": "1000000"}, "-2010"),
    ],
)
def test_filters_and_balances_refuse(simulator: SimulatorProcess, changes: dict, code: str):
    outcome = simulator.venue().send(simulator.order(Side.SELL, **changes))
    assert (outcome.verdict, outcome.code) == (Verdict.REFUSED, code)


@pytest.mark.parametrize(("key", "secret", "code"), [("wrong", "api-secret", "-2015"), ("api-key", "wrong", "-1022")])
def test_a_wrong_key_or_signature_is_refused(simulator: SimulatorProcess, key: str, secret: str, code: str):
    outcome = simulator.venue(key, secret).send(simulator.order(Side.BUY, "0.01"))
    assert (outcome.verdict, outcome.code) == (Verdict.REFUSED, code)


def test_the_control_port_wants_its_token(simulator: SimulatorProcess):
    with pytest.raises(Misconfigured, match="X-Control-Token"):
        simulator.control("wrong").state()


def test_a_lagging_venue_does_not_show_a_new_order_yet(simulator: SimulatorProcess):
    venue, control, clock = simulator.venue(), simulator.control(), simulator.clock()
    control.faults({"visibility_lag_ms": 10_000})
    order = simulator.order(Side.BUY, "0.01")
    assert venue.send(order).verdict is Verdict.ACCEPTED
    assert venue.order("BTC/USDT", order.client_id) == Known(None)
    control.advance(clock.now() + timedelta(seconds=10))
    found = venue.order("BTC/USDT", order.client_id)
    assert isinstance(found, Known)
    assert found.value is not None
