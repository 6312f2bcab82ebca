"""The loop in its threads: it works until it is stopped, waits for who does not answer, ends with a lane's error."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from threading import Event, Thread
from typing import Any

import pytest

from adapters.bus.signal_topic import Record, cluster_id
from adapters.store import leases
from services.execution.desk import Desk
from services.execution.loop import Loop
from tests.integration.execution.floor import BOOK, KEY, SYMBOL, VERSION, Floor, until
from trading.errors import Interrupted, Unavailable
from trading.order import OrderState


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
        self._thread = Thread(target=self._run, args=(loop,), daemon=True)
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


def desks(floor: Floor, number: int, **changes: Any) -> list[Desk]:
    """Return `number` desks of the floor's book; each lane calls its venue over a connection of its own."""
    return [replace(floor.desk, venue=floor.simulator.venue(), **changes) for _ in range(number)]


@pytest.mark.parametrize("lanes", [1, 2])
def test_a_loop_works_until_it_is_stopped_and_waits_for_who_does_not_answer(floor: Floor, lanes: int):
    cluster = cluster_id(floor.broker.bootstrap, VERSION)
    answers: list[Any] = [Unavailable("the price rests"), floor.venue.last_price(SYMBOL)]

    def quote(symbol: str) -> Any:
        answer = answers.pop(0) if answers else floor.venue.last_price(symbol)
        if isinstance(answer, Unavailable):
            raise answer
        return answer

    consumer: Any = Stuttering(floor.consumer)
    running = Running(Loop(desks(floor, lanes, quote=quote), consumer, cluster, KEY))
    floor.tell(floor.signal())
    until(lambda: bool(floor.orders()) and floor.order("entry").state is OrderState.FILLED)
    running.stop.set()
    assert running.ended() is None
    floor.check()


@pytest.mark.parametrize("lanes", [1, 2])
def test_a_loop_whose_book_was_taken_over_ends(floor: Floor, lanes: int, monkeypatch: pytest.MonkeyPatch):
    floor.settle()
    # The lane is to find it, not the heartbeat.
    monkeypatch.setattr(Loop, "_say_settled", lambda _: None)
    running = Running(Loop(desks(floor, lanes), floor.consumer, cluster_id(floor.broker.bootstrap, VERSION), KEY))
    floor.tell(floor.signal())
    until(lambda: bool(floor.orders()) and floor.order("entry").state is OrderState.FILLED)
    with floor.database.transaction() as connection:
        leases.seize(connection, BOOK, "another")
    floor.pass_time(timedelta(minutes=1))
    floor.tell(floor.signal(exposure=Decimal("0.9")))
    assert isinstance(running.ended(), Interrupted)
    assert [leg for leg, _ in floor.states()].count("entry") == 1


def test_a_lane_that_fails_ends_the_loop_with_its_error(floor: Floor):
    def broken(_: str) -> Any:
        raise ZeroDivisionError

    cluster = cluster_id(floor.broker.bootstrap, VERSION)
    running = Running(Loop(desks(floor, 2, quote=broken), floor.consumer, cluster, KEY))
    floor.tell(floor.signal())
    assert isinstance(running.ended(), ZeroDivisionError)
