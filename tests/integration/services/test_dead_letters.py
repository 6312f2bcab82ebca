"""Dead letters are relayed to their topic at least once, with all that is known of them."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from adapters.bus.local_broker import LocalBroker
from adapters.bus.signal_topic import Record, SignalConsumer, SignalProducer
from adapters.store import dead_letters
from adapters.store.database import Database
from services.publisher.dead_letters import relay, topic_of
from trading.errors import Unavailable

TOPIC, VERSION = "signals", "2.3"


@pytest.fixture
def store(database: str) -> Iterator[Database]:
    with Database(database, size=2) as opened:
        yield opened


@pytest.fixture
def producer(broker: LocalBroker) -> Iterator[SignalProducer]:
    opened = SignalProducer(broker.bootstrap, VERSION)
    yield opened
    opened.close()


def bury(store: Database, offset: int, value: bytes | None, reason: str = "bad", key: bytes | None = b"k") -> None:
    with store.transaction() as connection:
        dead_letters.bury(connection, "cluster", Record(TOPIC, 1, offset, value, key), reason)


def relayed(broker: LocalBroker, number: int) -> list[dict[str, Any]]:
    consumer = SignalConsumer(broker.bootstrap, VERSION, topic_of(TOPIC))
    consumer.place({})
    found: list[dict[str, Any]] = []
    for _ in range(100):
        found += [json.loads(record.value or b"") for record in consumer.poll(20)]
        if len(found) >= number:
            break
    consumer.close()
    return sorted(found, key=lambda letter: letter["letter_id"])


def test_a_letter_is_relayed_once_with_its_origin_reason_and_body(
    store: Database, broker: LocalBroker, producer: SignalProducer
) -> None:
    assert relay(store, producer) == 0
    bury(store, 7, b"\x00\xff{", "not an envelope")
    bury(store, 8, None)
    assert relay(store, producer) == 2
    assert relay(store, producer) == 0
    first, second = relayed(broker, 2)
    recorded = first.pop("recorded_at")
    assert recorded.endswith("+00:00")
    assert first == {
        "letter_id": 1,
        "reason": "not an envelope",
        "cluster_id": "cluster",
        "topic": TOPIC,
        "partition": 1,
        "offset": 7,
        "replay_of": None,
        "size": 3,
        "body": base64.b64encode(b"\x00\xff{").decode(),
    }
    assert (second["size"], second["body"]) == (0, "")


def test_a_body_that_no_broker_takes_is_shortened_and_says_so(
    store: Database, broker: LocalBroker, producer: SignalProducer
) -> None:
    bury(store, 0, b"x" * 3_000_000)
    assert relay(store, producer) == 1
    (letter,) = relayed(broker, 1)
    assert letter["size"] == 3_000_000
    assert base64.b64decode(letter["body"]) == b"x" * 512 * 1024


def test_a_crash_before_the_mark_sends_again_and_a_dead_broker_loses_nothing(
    store: Database, broker: LocalBroker, producer: SignalProducer, monkeypatch: pytest.MonkeyPatch
) -> None:
    bury(store, 0, b"one")
    with monkeypatch.context() as patched:
        patched.setattr(dead_letters, "mark_published", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            relay(store, producer)
    broker.down()
    with pytest.raises(Unavailable, match="TRADEWIND_KAFKA"):
        relay(store, producer)
    broker.up()
    assert relay(store, producer) == 1
    # The producer itself may send once more what it had not been told about.
    assert [letter["letter_id"] for letter in relayed(broker, 3)][:2] == [1, 1]
    assert relay(store, producer) == 0
