"""From a signal to a filled and protected position, and out of it again."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from adapters.exchange.court_record import lines
from tests.integration.execution.floor import Floor
from trading.order import OrderState
from trading.ports import Outcome, Verdict


def enter(floor: Floor, **changes: object) -> None:
    floor.tell(floor.signal(**changes))
    floor.settle()


def test_a_signal_becomes_a_fill_and_a_stop(floor: Floor):
    enter(floor)
    assert floor.states() == [("entry", OrderState.FILLED), ("stop", OrderState.ACKED)]
    entry, stop = floor.orders()
    held = floor.owned()["BTC"]
    assert stop.request.quantity == held.quantize(Decimal("0.0001"), rounding="ROUND_DOWN")
    assert stop.request.stop == (entry.request.reference_price * Decimal("0.95")).quantize(Decimal("0.01"))
    reasons = floor.rows("select decision_no, verdict, trigger_ from trading.risk_decisions order by decision_no")
    assert [(row["decision_no"], row["verdict"], row["trigger_"]) for row in reasons] == [
        (1, "TRADE", "signal"),
        (2, "TRADE", "fill"),
    ]
    floor.check()
    floor.turns(20)
    assert len(floor.orders()) == 2
    assert floor.one("select count(*) from trading.triggers") == 0


def test_an_exit_cancels_the_stop_first(floor: Floor):
    enter(floor)
    floor.pass_time(timedelta(minutes=1))
    enter(floor, exposure=Decimal(0), stop=None, reason="over")
    assert floor.states() == [
        ("entry", OrderState.FILLED),
        ("stop", OrderState.CANCELED),
        ("exit", OrderState.FILLED),
    ]
    events = [one["event"] for one in lines(floor.simulator.record) if one["event"] in ("accepted", "canceled")]
    assert events == ["accepted", "accepted", "canceled", "accepted"]
    assert floor.owned().get("BTC", Decimal(0)) < floor.desk.instruments["BTC/USDT"].lot
    floor.check()


def test_a_better_signal_raises_the_stop_and_a_worse_one_never_lowers_it(floor: Floor):
    enter(floor, stop=Decimal("0.1"))
    first = floor.order("stop").request.stop
    floor.pass_time(timedelta(minutes=1))
    enter(floor, stop=Decimal("0.02"))
    second = floor.order("stop").request.stop
    floor.pass_time(timedelta(minutes=1))
    enter(floor, stop=Decimal("0.3"))
    assert first is not None
    assert second is not None
    assert first < second == floor.order("stop").request.stop
    assert [state for _, state in floor.states()].count(OrderState.ACKED) == 1
    floor.check()


def stopped_out(floor: Floor) -> None:
    """Enter with a stop so near that the market must reach it."""
    enter(floor, stop=Decimal("0.001"), valid_until=floor.now() + timedelta(days=3))
    for _ in range(60):
        if floor.order("stop").state is not OrderState.ACKED:
            return
        floor.walk(timedelta(minutes=30))
    raise AssertionError(floor.story())


def test_a_stop_out_does_not_enter_again_on_the_same_signal(floor: Floor):
    stopped_out(floor)
    assert floor.states()[1] == ("stop", OrderState.FILLED)
    before = len(floor.orders())
    floor.walk(timedelta(hours=2))
    assert len(floor.orders()) == before
    floor.check()
    enter(floor, stop=Decimal("0.02"))
    assert floor.states()[-2:] == [("entry", OrderState.FILLED), ("stop", OrderState.ACKED)]
    floor.check()


def test_the_stop_of_a_position_that_is_over_does_not_bind_the_next(floor: Floor):
    # an older stop of the first position was cancelled to raise it; the raised one filled
    enter(floor, stop=Decimal("0.05"))
    floor.pass_time(timedelta(minutes=1))
    stopped_out(floor)
    old = floor.order("stop").request.stop
    enter(floor, stop=Decimal("0.2"))
    new = floor.order("stop").request
    assert new.stop is not None
    assert old is not None
    assert new.stop < old
    assert floor.states()[-2:] == [("entry", OrderState.FILLED), ("stop", OrderState.ACKED)]
    floor.check()


def test_a_market_below_the_stop_is_sold_at_once_and_not_bought_back(floor: Floor):
    # the market has fallen below the stop before it could be placed
    enter(floor, reference_price=floor.price() * Decimal("1.05"), stop=Decimal("0.01"))
    assert floor.states() == [("entry", OrderState.FILLED), ("stop", OrderState.FILLED)]
    assert [order.request.type.value for order in floor.orders()] == ["MARKET", "MARKET"]
    floor.turns(20)
    assert len(floor.orders()) == 2
    floor.check()
    # the next position has a stop of its own again
    floor.pass_time(timedelta(minutes=1))
    enter(floor)
    assert floor.states()[-2:] == [("entry", OrderState.FILLED), ("stop", OrderState.ACKED)]
    floor.check()


def test_an_expired_signal_still_protects_its_position(floor: Floor):
    enter(floor)
    stop = floor.order("stop")
    floor.walk(timedelta(hours=2))
    assert floor.order("stop").state is OrderState.ACKED
    # somebody cancels the stop at the venue: it is placed anew though the signal has expired
    floor.venue.cancel(stop)
    floor.walk(timedelta(minutes=1))
    assert floor.states()[-2:] == [("stop", OrderState.CANCELED), ("stop", OrderState.ACKED)]
    floor.check()


def test_a_closed_gate_lets_exits_pass_and_holds_entries(floor: Floor):
    enter(floor)
    with floor.database.transaction() as connection:
        connection.execute(
            "insert into trading.halts (book, symbol, reason, actor, at) values ('book', null, 'test', 'test', now())"
        )
    floor.pass_time(timedelta(minutes=1))
    enter(floor, exposure=Decimal(1))
    assert [leg for leg, _ in floor.states()].count("entry") == 1
    reason = floor.one("select reason from trading.risk_decisions where signal_id = 'signal-2'")
    assert "gate_closed:halt test" in reason
    floor.pass_time(timedelta(minutes=1))
    enter(floor, exposure=Decimal(0), stop=None)
    assert floor.states()[-1] == ("exit", OrderState.FILLED)
    floor.check()


def test_a_halt_voids_an_entry_that_waits_to_be_sent(floor: Floor):
    floor.settle()
    floor.fault("too_many_429")
    floor.tell(floor.signal())
    floor.turns(10)
    with floor.database.transaction() as connection:
        connection.execute(
            "insert into trading.halts (book, symbol, reason, actor, at) values ('book', null, 'kill', 'test', now())"
        )
    floor.pass_time(timedelta(minutes=5))
    floor.settle()
    assert floor.states() == [("entry", OrderState.REJECTED), ("entry", OrderState.CANCELED)]
    assert floor.accepted() == []
    floor.check()


def test_denied_codes_reach_the_decision_row(floor: Floor):
    far = floor.price() * Decimal("1.5")
    enter(floor, reference_price=far)
    row = floor.rows("select verdict, reason from trading.risk_decisions")[0]
    assert row["verdict"] == "DENIED"
    assert row["reason"].startswith("price_collar")
    assert floor.orders() == []
    floor.check()


def test_a_cancel_that_the_venue_did_not_hear_is_asked_again(floor: Floor):
    enter(floor)
    cancel, asked = floor.venue.cancel, []

    def deaf(order: object) -> object:
        asked.append(order)
        return Outcome(Verdict.UNKNOWN, "", "no answer") if len(asked) < 4 else cancel(order)  # type: ignore[arg-type]

    floor.venue.cancel = deaf  # type: ignore[method-assign, assignment]
    floor.pass_time(timedelta(minutes=1))
    enter(floor, exposure=Decimal(0), stop=None)
    assert len(asked) == 4
    assert floor.states()[1:] == [("stop", OrderState.CANCELED), ("exit", OrderState.FILLED)]
    floor.check()


def test_a_stop_that_fills_while_it_is_cancelled_is_booked_and_the_exit_finds_nothing_to_sell(floor: Floor):
    enter(floor, stop=Decimal("0.001"), valid_until=floor.now() + timedelta(days=3))
    stop = floor.order("stop")
    # the exit is decided, but before the cancel leaves the stop has filled
    for _ in range(200):
        floor.pass_time(timedelta(minutes=15))
        seen = floor.venue.order("BTC/USDT", stop.client_id)
        if seen.value.state is not OrderState.ACKED:  # type: ignore[union-attr]
            break
    floor.tell(floor.signal(exposure=Decimal(0), stop=None))
    floor.settle()
    assert floor.states() == [("entry", OrderState.FILLED), ("stop", OrderState.FILLED)]
    floor.check()


def test_signals_of_another_book_are_read_over(floor: Floor):
    floor.tell(replace(floor.signal(), book="stranger"))
    floor.settle()
    assert floor.one("select count(*) from trading.inbox") == 0
    assert floor.one("select count(*) from ops.dead_letters") == 0
    assert floor.one("select sum(next_offset) from trading.consumer_offsets") == 1
