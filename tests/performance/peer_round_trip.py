"""The peer of signal_to_wire: produce, consume, commit one row; prints the milliseconds of each as JSON."""

import json
import random
import sys
import time

import psycopg
from kafka import KafkaConsumer, KafkaProducer
from kafka.structs import TopicPartition

from adapters.bus.signal_topic import connection
from adapters.settings import load


def main() -> None:
    """Send one message after the other at the given rate, unevenly; the topic is there and has one partition."""
    settings, topic, count, rate = load(), sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    options = connection(settings.required("kafka"), settings.kafka_api_version)
    producer = KafkaProducer(linger_ms=0, **options)
    consumer = KafkaConsumer(enable_auto_commit=False, fetch_max_wait_ms=10, **options)
    partition = TopicPartition(topic, 0)
    producer.send(topic, b"warm up", partition=0).get(10)
    consumer.assign([partition])
    consumer.seek_to_end(partition)
    consumer.position(partition)
    taken, chance = [], random.Random(7)
    with psycopg.connect(settings.required("database_url")) as database:
        database.execute("create table if not exists public.peer (body bytea)")
        database.commit()
        for number in range(count):
            began = time.perf_counter()
            producer.send(topic, f"{number}".encode() * 300, partition=0)
            value = _next(consumer)
            database.execute("insert into public.peer values (%s)", (value,))
            database.commit()
            taken.append((time.perf_counter() - began) * 1000)
            time.sleep(max(0.0, began + chance.uniform(0.5, 1.5) / rate - time.perf_counter()))
    print(json.dumps(taken))


def _next(consumer: KafkaConsumer) -> bytes:
    for _ in range(500):
        for batch in consumer.poll(timeout_ms=20).values():
            return batch[0].value
    raise SystemExit("the message did not come back")


if __name__ == "__main__":
    main()
