"""The peer of signal_to_wire: produce, consume, commit one row; prints the milliseconds of each as JSON."""

import json
import random
import sys
import time

import psycopg
from kafka import KafkaConsumer, KafkaProducer
from kafka.structs import TopicPartition


def main() -> None:
    """Send one message after the other at the given rate, unevenly."""
    bootstrap, url, count, rate = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
    producer = KafkaProducer(bootstrap_servers=bootstrap, api_version=(2, 3), linger_ms=0)
    consumer = KafkaConsumer(
        bootstrap_servers=bootstrap, api_version=(2, 3), enable_auto_commit=False, fetch_max_wait_ms=10
    )
    partition = TopicPartition("bench.peer", 0)
    producer.send("bench.peer", b"warm up", partition=0).get(10)
    consumer.assign([partition])
    consumer.seek_to_end(partition)
    consumer.position(partition)
    taken, chance = [], random.Random(7)
    with psycopg.connect(url) as connection:
        connection.execute("create table if not exists public.peer (body bytea)")
        connection.commit()
        for number in range(count):
            began = time.perf_counter()
            producer.send("bench.peer", f"{number}".encode() * 300, partition=0)
            value = _next(consumer)
            connection.execute("insert into public.peer values (%s)", (value,))
            connection.commit()
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
