"""Whoever comes late finds that things have moved on, and changes nothing; what cannot be believed stops its symbol."""

import time
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from adapters.bus.signal_topic import cluster_id
from adapters.store import orders, symbols
from adapters.store.triggers import Trigger
from services.execution import booking, dispatch, reconcile
from services.execution.crash_points import arm, crash_point
from services.execution.evaluate import evaluate
from services.execution.hops import Hops
from services.execution.loop import Loop
from services.execution.recovery import Recovery
from tests.integration.execution.floor import BOOK, KEY, STRATEGY, SYMBOL, VERSION, Floor
from trading.errors import BadData
from trading.execution import protocol
from trading.fill import Fill
from trading.order import OrderState, Side
from trading.ports import Known, Outcome, Unreachable, Verdict


class Altered:
    """A venue of which some answers are replaced."""

    def __init__(self, venue: Any, **answers: Callable[..., Any]) -> None:
        self._venue, self._answers = venue, answers

    def __getattr__(self, name: str) -> Any:
        return self._answers.get(name) or getattr(self._venue, name)


def told(floor: Floor) -> list[dict[str, Any]]:
    """Return all that a late comer could have changed."""
    found = floor.rows("select client_id, state, filled from trading.orders order by client_id")
    return found + floor.rows("select * from trading.balances order by 1, 2, 3, 4, 5")


def unbelievable(*_: object) -> Any:
    raise BadData("a quantity of nothing")


def test_without_a_signal_in_force_there_is_nothing_to_decide(floor: Floor):
    floor.settle()
    assert evaluate(floor.desk, Trigger(STRATEGY, SYMBOL, "fill", 0)) == ()
    assert floor.rows("select 1 from trading.risk_decisions") == []


def test_without_a_price_a_fill_is_booked_and_decided_about_later(floor: Floor):
    floor.settle()
    nothing = Unreachable("no price")
    silent = replace(floor.desk, venue=Altered(floor.venue, last_price=lambda _: nothing))
    assert evaluate(silent, Trigger(STRATEGY, SYMBOL, "fill", 0)) == ()
    answers = [floor.venue.last_price(SYMBOL), nothing]

    def last_price(symbol: str) -> Any:
        return answers.pop(0) if answers else floor.venue.last_price(symbol)

    desk = replace(floor.desk, venue=Altered(floor.venue, last_price=last_price))
    floor.loop = Loop([desk], floor.consumer, cluster_id(floor.broker.bootstrap, VERSION), KEY)
    floor.tell(floor.signal())
    floor.settle()
    assert answers == []
    told = floor.rows("select decision_no, trigger_ from trading.risk_decisions order by decision_no")
    assert [(row["decision_no"], row["trigger_"]) for row in told] == [(1, "signal"), (2, "fill")]
    assert floor.order("stop").state is OrderState.ACKED
    floor.check()


def test_a_late_answer_about_an_order_that_has_moved_on_changes_nothing(floor: Floor):
    floor.tell(floor.signal())
    floor.settle()
    before, now, desk = told(floor), floor.now(), floor.desk
    late = replace(floor.order("entry"), state=OrderState.SENDING)
    with desk.transaction() as connection:
        assert not booking.close(connection, desk, late, OrderState.REJECTED, "code", "", now)
        dispatch.end(connection, desk, late, OrderState.REJECTED, "-2010", "", now)
    unknown = Outcome(Verdict.UNKNOWN, "timeout", "")
    assert dispatch.take_answer(desk, replace(late, state=OrderState.UNKNOWN), unknown) == ()
    assert booking.settle(desk, late, Outcome(Verdict.ACCEPTED, "", "", "7")) is None
    assert told(floor) == before
    floor.check()


def test_an_intent_waits_while_its_symbol_is_reconciled_or_the_venue_wants_to_be_left_alone(floor: Floor):
    floor.tell(floor.signal())
    floor.settle()
    order = replace(floor.order("entry"), state=OrderState.INTENT)
    patient = replace(floor.desk, venue=Altered(floor.venue, waits=lambda: True))
    assert dispatch.ready(patient, order) == ()
    with floor.database.transaction() as connection:
        symbols.set_state(connection, BOOK, SYMBOL, "RECONCILING", "test", floor.now())
    assert dispatch.ready(floor.desk, order) == ()
    with floor.database.transaction() as connection:
        symbols.set_state(connection, BOOK, SYMBOL, "OPEN", "", floor.now())
    assert dispatch.ready(floor.desk, order) == ()  # another has sent it


def test_a_key_that_is_refused_while_the_book_is_halted_halts_it_no_second_time(floor: Floor):
    floor.settle()
    floor.fault("revoked_401", 3)
    floor.tell(floor.signal())
    floor.settle()
    assert floor.one("select count(*) from trading.halts") == 1
    refused = replace(floor.orders()[-1], state=OrderState.SENDING)
    assert dispatch.take_answer(floor.desk, refused, Outcome(Verdict.REFUSED, "-2015", "again")) == ()
    assert floor.one("select count(*) from trading.halts") == 1


@pytest.mark.parametrize("asked", ["order", "cancel"])
def test_what_cannot_be_believed_of_an_order_halts_its_symbol(floor: Floor, asked: str):
    floor.tell(floor.signal())
    floor.settle()
    hops = Hops(replace(floor.desk, venue=Altered(floor.venue, **{asked: unbelievable})))
    if asked == "order":
        assert hops.ask(floor.order("stop")) is False
    else:
        hops.act([replace(floor.order("stop"), state=OrderState.PENDING_CANCEL)], time.monotonic())
    state, reason = floor.symbol_state()
    assert state == "HALTED"
    assert "a quantity of nothing" in reason


def test_what_comes_too_late_for_its_timestamp_does_not_leave(floor: Floor, monkeypatch: pytest.MonkeyPatch):
    floor.tell(floor.signal())
    floor.settle()
    monkeypatch.setattr(protocol, "too_late", lambda *_: True)
    requests = len(floor.record())
    answer = dispatch.transmit(floor.desk, floor.order("entry"), 0.0)
    assert (answer.verdict, answer.code) == (Verdict.REFUSED, protocol.NOT_SENT)
    assert len(floor.record()) == requests


def test_the_highest_equity_is_kept(floor: Floor):
    floor.tell(floor.signal())
    floor.settle()
    before = floor.one("select equity from trading.equity_peaks")
    dear = Known(2 * floor.price())
    evaluate(replace(floor.desk, quote=lambda _: dear), Trigger(STRATEGY, SYMBOL, "fill", 0))
    assert floor.one("select equity from trading.equity_peaks") > before


def test_a_venue_that_does_not_answer_proves_nothing_about_an_order(floor: Floor):
    floor.tell(floor.signal())
    floor.settle()
    before, stop = told(floor), floor.order("stop")
    silent = Unreachable("no answer")
    hops = Hops(replace(floor.desk, venue=Altered(floor.venue, order=lambda *_: silent)))
    assert hops.ask(stop) is False
    seen = floor.venue.order(SYMBOL, stop.client_id)
    assert isinstance(seen, Known)
    filled = Known(replace(seen.value, filled=stop.request.quantity))  # pyright: ignore[reportArgumentType]
    venue = Altered(floor.venue, order=lambda *_: filled, fills=lambda *_: silent)
    assert Hops(replace(floor.desk, venue=venue)).ask(stop) is False
    assert told(floor) == before


def test_a_difference_is_believed_when_it_is_there_again(floor: Floor, monkeypatch: pytest.MonkeyPatch):
    floor.tell(floor.signal())
    floor.settle()
    right = floor.venue.balances()
    assert isinstance(right, Known)
    wrong, silent = Known({**right.value, "BTC": right.value["BTC"] + 1}), Unreachable("no answer")
    for later in ({"balances": [wrong, right]}, {"balances": [wrong, silent]}, {"balances": [wrong], "fills": silent}):
        answers = list(later["balances"])  # type: ignore[call-overload]
        asked = {"balances": lambda a=answers: a.pop(0)}
        if "fills" in later:
            looks = iter((Known([]), silent))
            asked["fills"] = lambda *_, each=looks: next(each)
        desk = replace(floor.desk, venue=Altered(floor.venue, **asked))
        reconcile.reconcile(desk, Hops(desk), [SYMBOL], "OPEN")
        assert answers == []
        assert floor.symbol_state()[0] == "OPEN"
    answers = [wrong, wrong]
    desk = replace(floor.desk, venue=Altered(floor.venue, balances=lambda: answers.pop(0)))
    monkeypatch.setattr(reconcile, "orders", Altered(orders, in_doubt=lambda *_: True))
    reconcile.reconcile(desk, Hops(desk), [SYMBOL], "OPEN")
    assert (answers, floor.symbol_state()[0]) == ([], "OPEN")
    floor.check()


def test_a_trade_of_an_order_that_had_ended_is_booked_late(floor: Floor):
    floor.tell(floor.signal())
    floor.settle()
    entry = floor.order("entry")
    known = floor.venue.fills(SYMBOL, None)
    assert isinstance(known, Known)
    more = replace(known.value[-1], trade_id="999999", quantity=Decimal("0.001"), fee=Decimal(0))
    both = Known([*known.value, more])
    Recovery(replace(floor.desk, venue=Altered(floor.venue, fills=lambda *_: both))).sweep(SYMBOL)
    assert floor.one("select payload ->> 'trades' from ops.audit_events where kind = 'late_fill'") == "1"
    assert floor.order("entry").filled == entry.filled + more.quantity
    assert floor.symbol_state()[0] == "HALTED"  # more was filled than was ordered


def test_trades_of_an_order_that_lives_are_booked_with_its_answer_not_by_a_sweep(floor: Floor):
    floor.tell(floor.signal())
    floor.settle()
    stop, before = floor.order("stop"), told(floor)
    assert stop.venue_order_id is not None
    numbers = (Decimal(100), stop.request.quantity, Decimal(0), "USDT", floor.now())
    sold = Fill("simulator", SYMBOL, "999999", stop.venue_order_id, stop.client_id, Side.SELL, *numbers)
    recovery = Recovery(replace(floor.desk, venue=Altered(floor.venue, fills=lambda *_: Known([sold]))))
    assert recovery.sweep(SYMBOL) is None
    assert told(floor) == before
    with floor.desk.transaction() as connection:
        booking.book(connection, floor.desk, stop, [sold], floor.now())
    assert recovery.sweep(SYMBOL) == []


def test_a_stop_that_has_moved_on_is_not_cancelled(floor: Floor, monkeypatch: pytest.MonkeyPatch):
    floor.tell(floor.signal())
    floor.settle()
    monkeypatch.setattr("services.execution.evaluate.orders", Altered(orders, move=lambda *_, **__: False))
    floor.tell(floor.signal(exposure=Decimal(0), stop=None))
    floor.until(lambda: floor.one("select count(distinct signal_id) from trading.risk_decisions") == 2)
    assert floor.order("stop").state is OrderState.ACKED


def test_crash_points_are_told_to_whoever_is_armed():
    seen: list[str] = []
    arm(seen.append)
    crash_point("intake_committed")
    arm(None)
    crash_point("intake_committed")
    assert seen == ["intake_committed"]


def test_what_waits_in_the_lanes_keeps_the_topic_unread(floor: Floor, monkeypatch: pytest.MonkeyPatch):
    floor.settle()
    with monkeypatch.context() as patched:
        patched.setattr("services.execution.loop._MOST_WAITING", 0)
        floor.tell(floor.signal())
        floor.turns(5)
        assert floor.loop.taken == 0
    floor.settle()
    assert floor.loop.taken == 1
