"""The in-process broker, seen by the client that we use."""

import threading
import time
from collections.abc import Iterator

import pytest
from kafka import KafkaConsumer, KafkaProducer
from kafka.structs import TopicPartition

from adapters.bus.local_broker import CLIENT_SETTINGS, CONSUMER_SETTINGS, NOT_LEADER, PRODUCE, LocalBroker
from trading.errors import Unavailable


@pytest.fixture
def producer(broker: LocalBroker) -> Iterator[KafkaProducer]:
    client = KafkaProducer(bootstrap_servers=broker.bootstrap, **CLIENT_SETTINGS)
    yield client
    client.close(timeout=5)


def read(broker: LocalBroker, topic: str, partition: int, count: int) -> list[bytes]:
    consumer = KafkaConsumer(
        bootstrap_servers=broker.bootstrap, auto_offset_reset="earliest", enable_auto_commit=False, **CONSUMER_SETTINGS
    )
    consumer.assign([TopicPartition(topic, partition)])
    got: list[bytes] = []
    deadline = time.monotonic() + 20
    while len(got) < count and time.monotonic() < deadline:
        got += [record.value for records in consumer.poll(timeout_ms=100).values() for record in records]
    consumer.close()
    return got


def test_produces_and_consumes_on_the_partitions_asked_for(broker: LocalBroker, producer: KafkaProducer) -> None:
    broker.create_topic("signals", 3)
    broker.create_topic("signals", 3)
    assert producer.partitions_for("signals") == {0, 1, 2}
    sent = [producer.send("signals", f"{n}".encode(), partition=2).get(10) for n in range(5)]
    assert [record.offset for record in sent] == [0, 1, 2, 3, 4]
    assert read(broker, "signals", 2, 5) == [b"0", b"1", b"2", b"3", b"4"]


def test_injected_errors_are_retried_once_each(broker: LocalBroker, producer: KafkaProducer) -> None:
    broker.create_topic("signals", 1)
    producer.send("signals", b"a").get(10)
    broker.fail(PRODUCE, [NOT_LEADER, NOT_LEADER])
    assert producer.send("signals", b"b").get(20).offset == 1
    assert read(broker, "signals", 0, 2) == [b"a", b"b"]


def test_an_outage_loses_nothing(broker: LocalBroker, producer: KafkaProducer) -> None:
    broker.create_topic("signals", 1)
    producer.send("signals", b"a").get(10)
    broker.down()
    pending = producer.send("signals", b"b")
    threading.Event().wait(0.5)
    assert not pending.is_done
    broker.up()
    assert pending.get(20).offset == 1
    assert read(broker, "signals", 0, 2) == [b"a", b"b"]


def test_closing_twice_is_fine_and_use_after_it_is_told() -> None:
    with LocalBroker() as broker:
        assert broker.bootstrap.startswith("127.0.0.1:")
        broker.start()
    broker.close()
    with pytest.raises(Unavailable, match="not started"):
        broker.create_topic("signals", 1)
