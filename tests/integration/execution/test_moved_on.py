"""Whoever comes late finds that things have moved on, and changes nothing; what cannot be believed stops its symbol."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import Event, Thread
from typing import Any

import pytest

from adapters.bus.signal_topic import Record, cluster_id
from adapters.store import leases, symbols, triggers
from adapters.store.triggers import Trigger
from services.execution import booking, dispatch
from services.execution.evaluate import evaluate
from services.execution.hops import Hops
from services.execution.lease import Lease
from services.execution.loop import Loop
from services.execution.placing import place
from tests.integration.execution.floor import BOOK, KEY, STRATEGY, SYMBOL, TOPIC, VERSION, Floor
from trading.errors import BadData, Interrupted, Misconfigured, Unavailable
from trading.order import OrderState
from trading.ports import Outcome, Unreachable, Verdict


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


# the loop in its threads ------------------------------------------------------------------------------------------


class Stuttering:
    """A consumer that does not answer the first time."""

    def __init__(self, consumer: Any) -> None:
        self._consumer, self._failed = consumer, False
        self.partitions = consumer.partitions

    def poll(self, timeout_ms: int) -> list[Record]:
        if not self._failed:
            self._failed = True
            raise Unavailable("the broker rests")
        return self._consumer.poll(timeout_ms)


class Running:
    """A loop in a thread of its own, and what it ended with."""

    def __init__(self, loop: Loop) -> None:
        self.stop, self.error = Event(), None
        self._thread = Thread(target=self._run, args=(loop,))
        self._thread.start()

    def _run(self, loop: Loop) -> None:
        try:
            loop.run(self.stop)
        except BaseException as error:
            self.error: BaseException | None = error

    def ended(self) -> BaseException | None:
        self._thread.join(20)
        assert not self._thread.is_alive()
        return self.error


def until(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("lanes", [1, 2])
def test_a_loop_works_until_it_is_stopped_and_waits_for_who_does_not_answer(floor: Floor, lanes: int):
    cluster = cluster_id(floor.broker.bootstrap, VERSION)
    running = Running(Loop([floor.desk] * lanes, Stuttering(floor.consumer), cluster, KEY))  # pyright: ignore[reportArgumentType]
    floor.tell(floor.signal())
    until(lambda: bool(floor.orders()) and floor.order("entry").state is OrderState.FILLED)
    running.stop.set()
    assert running.ended() is None
    floor.check()


@pytest.mark.parametrize("lanes", [1, 2])
def test_a_loop_whose_book_was_taken_over_ends(floor: Floor, lanes: int):
    floor.settle()
    running = Running(Loop([floor.desk] * lanes, floor.consumer, cluster_id(floor.broker.bootstrap, VERSION), KEY))
    with floor.database.transaction() as connection:
        leases.seize(connection, BOOK, "another")
        triggers.add(connection, BOOK, STRATEGY, SYMBOL, "fill", floor.now())
    floor.tell(floor.signal())
    assert isinstance(running.ended(), Interrupted)
    assert floor.orders() == []


def test_a_lane_that_fails_ends_the_loop_with_its_error(floor: Floor):
    def broken(_: str) -> Any:
        raise ZeroDivisionError

    desk = replace(floor.desk, quote=broken)
    running = Running(Loop([desk, desk], floor.consumer, cluster_id(floor.broker.bootstrap, VERSION), KEY))
    floor.tell(floor.signal())
    assert isinstance(running.ended(), ZeroDivisionError)


# the lease --------------------------------------------------------------------------------------------------------


def test_a_lease_passes_from_its_owner_to_who_stands_by(floor: Floor):
    stop, taken = Event(), list[int | None]()
    first, second = (Lease(floor.database, "other", name, 5_000) for name in ("first", "second"))
    assert first.wait(stop) == 1
    standby = Thread(target=lambda: taken.append(second.wait(stop)))
    standby.start()
    time.sleep(0.3)
    assert taken == []
    first.close()
    standby.join(5)
    assert taken == [2]
    beat = floor.one("select detail ->> 'owner' from ops.heartbeats where service = 'standby' and book = 'other'")
    assert beat == "second"
    second.close()


def test_who_is_told_to_stop_stands_by_no_longer(floor: Floor):
    stop = Event()
    owner, other = (Lease(floor.database, "other", name, 5_000) for name in ("owner", "other"))
    assert owner.wait(stop) == 1
    stop.set()
    assert other.wait(stop) is None
    other.close()
    owner.close()


def test_who_lost_the_lease_stops_renewing_it(floor: Floor):
    lease = Lease(floor.database, "other", "owner", 200)
    assert lease.wait(Event()) == 1
    with floor.database.transaction() as connection:
        leases.seize(connection, "other", "another")
        before = connection.execute("select renewed_at from trading.leases where book = 'other'").fetchone()
    time.sleep(0.3)
    assert floor.rows("select renewed_at from trading.leases where book = 'other'") == [before]
    lease.close()


# where reading begins ---------------------------------------------------------------------------------------------


@dataclass
class Placed:
    """A consumer of a topic with two partitions that holds what is said; it fails a few times first."""

    ends: dict[int, tuple[int, int]]
    failures: int = 0
    topic: str = TOPIC
    begun: dict[int, int] | None = None

    def place(self, offsets: dict[int, int]) -> dict[int, tuple[int, int]]:
        if self.failures:
            self.failures -= 1
            raise Unavailable("it starts")
        self.begun = dict(offsets)
        return self.ends


def read(floor: Floor, cluster: str, offset: int) -> None:
    with floor.database.transaction() as connection:
        connection.execute(
            "insert into trading.consumer_offsets (cluster_id, topic, partition, next_offset) values (%s, %s, 0, %s)",
            (cluster, TOPIC, offset),
        )


def test_a_new_broker_of_our_own_is_read_from_its_beginning(floor: Floor):
    read(floor, "own", 5)
    consumer: Any = Placed({0: (0, 3)}, failures=2)
    place(floor.database, consumer, "own", None)
    assert consumer.begun == {}


def test_a_topic_is_known_by_its_cluster_its_id_and_what_it_holds(floor: Floor, monkeypatch: pytest.MonkeyPatch):
    named = ["id-1"]
    monkeypatch.setattr("services.execution.placing.topic_id", lambda *_: named[-1])
    read(floor, "mine", 5)
    consumer: Any = Placed({0: (0, 9)})
    place(floor.database, consumer, "mine", "broker:9092")
    assert consumer.begun == {0: 5}
    with pytest.raises(Misconfigured, match=r"partition 0 holds 0\.\.4, but 5 was read"):
        place(floor.database, Placed({0: (0, 4)}), "mine", "broker:9092")  # pyright: ignore[reportArgumentType]
    named.append("id-2")
    with pytest.raises(Misconfigured, match="re-created: it has the id id-2, that of id-1 was read"):
        place(floor.database, consumer, "mine", "broker:9092")
    named.append("")
    place(floor.database, consumer, "mine", "broker:9092")  # a broker that gives no ids
    with pytest.raises(Misconfigured, match="leads to cluster other; signals was read from"):
        place(floor.database, consumer, "other", "broker:9092")
