"""The publisher relays the outbox at least once, in order, whatever happens between sending and marking."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from adapters.bus.envelope import unseal
from adapters.bus.local_broker import LocalBroker
from adapters.bus.signal_topic import SignalConsumer, SignalProducer, cluster_id
from adapters.store import outbox
from adapters.store.database import Database
from services.publisher.main import relay
from trading.errors import Unavailable

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
BOOK, TOPIC, KEY, VERSION = "book", "signals", "k" * 32, "2.3"


class Still:
    """A clock that stands."""

    def now(self) -> datetime:
        return AT


class Relay:
    """A publisher of one book at one broker, driven by hand."""

    def __init__(self, database: Database, broker: LocalBroker) -> None:
        self.database = database
        self.producer = SignalProducer(broker.bootstrap, VERSION)
        self.consumer = SignalConsumer(broker.bootstrap, VERSION, TOPIC)
        self.consumer.place({})
        self.cluster = cluster_id(broker.bootstrap, VERSION)

    def add(self, *names: str, valid: timedelta = timedelta(hours=1)) -> None:
        times = {"created_at": AT, "valid_until": AT + valid}
        rows: list[dict[str, Any]] = [
            {"signal_id": name, "book": BOOK, "key": "key", "payload": name, **times} for name in names
        ]
        with self.database.transaction() as connection:
            outbox.add(connection, rows, TOPIC)

    def turn(self) -> int:
        return relay(self.database, self.producer, Still(), BOOK, self.cluster, KEY)

    def read(self, number: int) -> list[str]:
        found: list[str] = []
        for _ in range(100):
            found += [unseal(record.value, KEY) for record in self.consumer.poll(20)]
            if len(found) >= number:
                break
        return found

    def close(self) -> None:
        self.producer.close()
        self.consumer.close()


@pytest.fixture
def publisher(database: str, broker: LocalBroker) -> Iterator[Relay]:
    broker.create_topic(TOPIC, 1)
    with Database(database, size=2) as opened:
        made = Relay(opened, broker)
        yield made
        made.close()


def test_each_message_is_sent_once_and_in_order(publisher: Relay):
    assert publisher.turn() == 0
    publisher.add("b", "a", "c")
    assert publisher.turn() == 3
    assert publisher.turn() == 0
    publisher.add("a", "d")
    assert publisher.turn() == 1
    assert publisher.read(4) == ["a", "b", "c", "d"]


def test_a_crash_between_sending_and_marking_sends_again(publisher: Relay, monkeypatch: pytest.MonkeyPatch):
    publisher.add("a", "b")
    with monkeypatch.context() as patched:
        patched.setattr(outbox, "mark", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            publisher.turn()
    assert publisher.turn() == 2
    assert publisher.read(4) == ["a", "b", "a", "b"]


def test_a_broker_that_is_down_loses_nothing(publisher: Relay, broker: LocalBroker):
    publisher.add("a")
    publisher.producer.send(TOPIC, [("key", b"warm")])
    broker.down()
    with pytest.raises(Unavailable, match="TRADEWIND_KAFKA"):
        publisher.turn()
    broker.up()
    assert publisher.turn() == 1


def test_a_new_broker_gets_what_still_holds(publisher: Relay):
    publisher.add("old", valid=timedelta(0))
    publisher.add("new")
    assert publisher.turn() == 2
    with LocalBroker() as broker:
        broker.create_topic(TOPIC, 1)
        successor = Relay(publisher.database, broker)
        assert successor.turn() == 1
        assert successor.turn() == 0
        assert successor.read(1) == ["new"]
        successor.close()
