"""What ccxt and we make of every answer that a venue gives to an order, over real sockets."""

import pytest

from adapters.exchange.court_record import accepted_orders, lines
from tests.integration.simulator.simulator_process import SimulatorProcess
from trading.order import Side
from trading.ports import Known, Unreachable, Verdict

#: fault -> (does the order live, what we may conclude)
TABLE = {
    "empty_200": (True, Verdict.UNKNOWN),
    "html_200": (True, Verdict.UNKNOWN),
    "null_200": (True, Verdict.UNKNOWN),
    "list_200": (True, Verdict.UNKNOWN),
    "truncated_200": (True, Verdict.UNKNOWN),
    "unexpected_200": (True, Verdict.UNKNOWN),
    "lose_answer": (True, Verdict.UNKNOWN),
    "short_answer": (True, Verdict.UNKNOWN),
    "unknown_503": (True, Verdict.UNKNOWN),
    "unexpected_500": (True, Verdict.UNKNOWN),
    "timeout_504": (True, Verdict.UNKNOWN),
    "gateway_502": (True, Verdict.UNKNOWN),
    "conflict_409": (True, Verdict.UNKNOWN),
    "close_before": (False, Verdict.UNKNOWN),
    "unavailable_503": (False, Verdict.UNKNOWN),
    "rejected_503": (False, Verdict.UNKNOWN),
    "redirect_302": (False, Verdict.UNKNOWN),
    "proxy_400": (False, Verdict.UNKNOWN),
    "firewall_403": (False, Verdict.UNKNOWN),
    "overloaded_503": (False, Verdict.REFUSED),
    "revoked_401": (False, Verdict.REFUSED),
    "too_many_429": (False, Verdict.REFUSED),
    "banned_418": (False, Verdict.REFUSED),
}


def test_every_lie_of_a_venue_is_read_rightly_and_sent_once(simulator: SimulatorProcess):
    venue, control = simulator.venue(), simulator.control()
    # ccxt treats a revoked key as a rate limit once it has been let in: so be let in first.
    assert isinstance(venue.balances(), Known)
    for fault, (lives, verdict) in TABLE.items():
        control.faults({"rules": [{"fault": fault, "next": 1}]})
        order = simulator.order(Side.BUY, "0.01")
        outcome = venue.send(order)
        assert (fault, outcome.verdict) == (fault, verdict)
        assert (outcome.venue_order_id, outcome.fills) == (None, ())
        taken = [one.client_id for one in accepted_orders(simulator.record)]
        assert (fault, order.client_id in taken) == (fault, lives)
        if venue.waits():
            assert fault in ("too_many_429", "banned_418")
            assert venue.send(simulator.order(Side.BUY, "0.01")).code == "NOT_SENT"
            assert isinstance(venue.order("BTC/USDT", order.client_id), Unreachable)
            # somebody else, who was not asked to wait
            venue = simulator.venue()
            continue
        found = venue.order("BTC/USDT", order.client_id)
        assert isinstance(found, Known)
        assert (fault, found.value is not None) == (fault, lives)
    sent = [event for event in lines(simulator.record) if event["event"] == "request" and event["method"] == "POST"]
    assert len(sent) == len(TABLE)


def test_no_answer_in_time_is_unknown(simulator: SimulatorProcess):
    venue = simulator.venue(timeout=0.3)
    venue.balances()
    simulator.control().faults({"rules": [{"fault": "delay", "next": 1, "milliseconds": 900}]})
    outcome = venue.send(simulator.order(Side.BUY, "0.01"))
    assert (outcome.verdict, outcome.code) == (Verdict.UNKNOWN, "")
    assert "no answer" in outcome.detail


def test_the_signed_time_is_the_orders_own(simulator: SimulatorProcess):
    order = simulator.order(Side.BUY, "0.01", recv_window_ms=4321)
    assert simulator.venue().send(order).verdict is Verdict.ACCEPTED
    request = next(event for event in lines(simulator.record) if event["event"] == "request")
    assert request["params"]["timestamp"] == str(round(order.sent_at.timestamp() * 1000))
    assert request["params"]["recvWindow"] == "4321"
    assert request["params"]["newClientOrderId"] == order.client_id


@pytest.mark.parametrize("probability", [0.3])
def test_seeded_faults_strike_the_same_requests_again(simulator: SimulatorProcess, probability: float):
    control, venue = simulator.control(), simulator.venue()

    def verdicts() -> list[Verdict]:
        control.faults({"seed": 4, "rules": [{"fault": "unknown_503", "probability": probability}]})
        return [venue.send(simulator.order(Side.BUY, "0.01")).verdict for _ in range(20)]

    first = verdicts()
    assert set(first) == {Verdict.ACCEPTED, Verdict.UNKNOWN}
    assert verdicts() == first


def test_a_dead_venue_is_unreachable_and_never_empty(simulator: SimulatorProcess):
    venue, order = simulator.venue(), simulator.order(Side.BUY, "0.01")
    stranger = simulator.venue()
    venue.balances()
    venue.last_price("BTC/USDT")
    clock = simulator.clock()
    assert clock.now() == order.sent_at
    simulator.crash()
    reads = (
        venue.open_orders("BTC/USDT"),
        venue.order("BTC/USDT", "x"),
        venue.fills("BTC/USDT", None),
        venue.balances(),
        venue.last_price("BTC/USDT"),
        venue.instruments(["BTC/USDT"]),
    )
    assert not any(isinstance(read, Known) for read in reads)
    assert venue.send(order).verdict is Verdict.UNKNOWN
    before_the_wire = stranger.send(order)
    assert (before_the_wire.verdict, before_the_wire.code) == (Verdict.REFUSED, "NOT_SENT")
