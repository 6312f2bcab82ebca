"""A real Apache Kafka, as far as our client needs it."""

import secrets

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.admin import NewTopic
from kafka.structs import TopicPartition


@pytest.mark.kafka
def test_produce_and_consume_with_the_version_found_out(apache_kafka: str) -> None:
    topic = f"test-{secrets.token_hex(6)}"
    admin = KafkaAdminClient(bootstrap_servers=apache_kafka)
    admin.create_topics([NewTopic(topic, num_partitions=2, replication_factor=1)])
    producer = KafkaProducer(bootstrap_servers=apache_kafka, enable_idempotence=True)
    assert [producer.send(topic, f"{n}".encode(), partition=1).get(20).offset for n in range(3)] == [0, 1, 2]
    consumer = KafkaConsumer(
        bootstrap_servers=apache_kafka,
        group_id=topic,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        isolation_level="read_committed",
    )
    consumer.assign([TopicPartition(topic, 1)])
    got: list[bytes] = []
    for _ in range(100):
        got += [record.value for records in consumer.poll(timeout_ms=200).values() for record in records]
        if len(got) == 3:
            break
    assert got == [b"0", b"1", b"2"]
    consumer.commit()
    consumer.close()
    producer.close()
    admin.delete_topics([topic])
    admin.close()
