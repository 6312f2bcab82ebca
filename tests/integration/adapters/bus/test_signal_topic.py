"""The signal topic against the in-process broker, and with the marker `kafka` against Apache Kafka."""

import os
from collections.abc import Iterator

import pytest

from adapters.bus.local_broker import FETCH, PRODUCE, TIMED_OUT, LocalBroker
from adapters.bus.signal_topic import Record, SignalConsumer, SignalProducer, cluster_id, ensure_topic
from trading.errors import Unavailable

TOPIC = f"signals-{os.getpid()}"


@pytest.fixture(params=["in-process", pytest.param("apache", marks=pytest.mark.kafka)])
def kafka(request: pytest.FixtureRequest) -> tuple[str, str | None, str]:
    """(bootstrap, api version, topic with 2 partitions)."""
    if request.param == "apache":
        bootstrap = request.getfixturevalue("apache_kafka")
        topic = f"{TOPIC}-{abs(hash(request.node.nodeid))}"
        ensure_topic(bootstrap, None, topic, 2)
        return bootstrap, None, topic
    broker: LocalBroker = request.getfixturevalue("broker")
    broker.create_topic(TOPIC, 2)
    return broker.bootstrap, "2.3", TOPIC


@pytest.fixture
def producer(kafka: tuple[str, str | None, str]) -> Iterator[SignalProducer]:
    made = SignalProducer(kafka[0], kafka[1])
    yield made
    made.close()


@pytest.fixture
def consumer(kafka: tuple[str, str | None, str]) -> Iterator[SignalConsumer]:
    made = SignalConsumer(*kafka)
    yield made
    made.close()


def read(consumer: SignalConsumer, number: int) -> list[Record]:
    found: list[Record] = []
    for _ in range(200):
        found += consumer.poll(20)
        if len(found) >= number:
            break
    return found


def messages(number: int) -> list[tuple[str, bytes]]:
    return [(f"key{n % 3}", f"value {n}".encode()) for n in range(number)]


def test_what_is_sent_is_read_in_order_per_key(
    kafka: tuple[str, str | None, str], producer: SignalProducer, consumer: SignalConsumer
):
    consumer.place({})
    places = producer.send(kafka[2], messages(30))
    records = read(consumer, 30)
    assert sorted((one.partition, one.offset) for one in records) == sorted(places)
    by_place = {(one.partition, one.offset): one.value for one in records}
    assert [by_place[place] for place in places] == [value for _, value in messages(30)]
    for partition in (0, 1):
        offsets = [one.offset for one in records if one.partition == partition]
        assert offsets == list(range(len(offsets)))
    assert len({places[n][0] for n in range(0, 30, 3)}) == 1


def test_a_consumer_starts_where_the_database_says_and_hears_both_ends(
    kafka: tuple[str, str | None, str], producer: SignalProducer, consumer: SignalConsumer
):
    places = producer.send(kafka[2], messages(12))
    ends = {number: sum(place[0] == number for place in places) for number in (0, 1)}
    stored = {number: max(0, end - 1) for number, end in ends.items()}
    assert consumer.place(stored) == {number: (0, end) for number, end in ends.items()}
    wanted = sorted((number, end - 1) for number, end in ends.items() if end)
    assert sorted((one.partition, one.offset) for one in read(consumer, len(wanted))) == wanted
    # and again from the beginning
    consumer.place({})
    assert len(read(consumer, 12)) == 12


def test_the_cluster_has_a_name_and_a_topic_is_made_once(kafka: tuple[str, str | None, str]):
    assert cluster_id(kafka[0], kafka[1]) == cluster_id(kafka[0], kafka[1]) != ""
    if kafka[1] is None:
        ensure_topic(kafka[0], None, kafka[2], 2)


def test_an_unknown_topic_is_unavailable(kafka: tuple[str, str | None, str]):
    if kafka[1] is None:
        pytest.skip("Apache Kafka makes topics that are asked for")
    stranger = SignalConsumer(kafka[0], kafka[1], "no-such-topic-of-ours")
    try:
        with pytest.raises(Unavailable, match="TRADEWIND_KAFKA"):
            stranger.place({})
    except AssertionError:
        pass
    finally:
        stranger.close()


def test_two_clusters_have_two_names():
    with LocalBroker() as one, LocalBroker() as other:
        assert cluster_id(one.bootstrap, "2.3") != cluster_id(other.bootstrap, "2.3")


def test_a_broker_that_stumbles_loses_and_doubles_nothing(broker: LocalBroker):
    broker.create_topic(TOPIC, 1)
    producer, consumer = SignalProducer(broker.bootstrap, "2.3"), SignalConsumer(broker.bootstrap, "2.3", TOPIC)
    consumer.place({})
    broker.fail(PRODUCE, [TIMED_OUT])
    broker.fail(FETCH, [TIMED_OUT])
    producer.send(TOPIC, messages(5))
    assert [one.value for one in read(consumer, 5)] == [value for _, value in messages(5)]
    producer.close()
    consumer.close()


def test_nobody_there_is_unavailable():
    for ask in (lambda: cluster_id("127.0.0.1:1", "2.3"), lambda: ensure_topic("127.0.0.1:1", "2.3", TOPIC, 1)):
        with pytest.raises(Unavailable, match="TRADEWIND_KAFKA"):
            ask()
