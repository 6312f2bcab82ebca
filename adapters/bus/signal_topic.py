"""The signal topic on a Kafka-protocol broker: a producer that waits for acks, a consumer placed by our offsets."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from trading.errors import Misconfigured, Unavailable


@dataclass(frozen=True)
class Record:
    """One message as it lies in the topic."""

    topic: str
    partition: int
    offset: int
    value: bytes | None
    key: bytes | None = None


def partition_of(book: str, symbol: str, partitions: int) -> int:
    """Return the partition of the messages about `symbol`; whoever reads one partition sees all of a symbol's."""
    return crc32(f"{book}|{symbol}".encode()) % partitions


class SignalProducer:
    """Sends in order per key, idempotent, acknowledged by all replicas."""

    def __init__(self, bootstrap: str, api_version: str | None) -> None:
        from kafka import KafkaProducer
        from kafka.errors import KafkaError

        self._error = KafkaError
        try:
            self._producer: Any = KafkaProducer(linger_ms=0, max_block_ms=10_000, **connection(bootstrap, api_version))
        except KafkaError as error:
            raise Unavailable(f"broker (TRADEWIND_KAFKA): {error!r}") from error

    def send(self, topic: str, messages: list[tuple[str, bytes]]) -> list[tuple[int, int]]:
        """Send (key, value) pairs and return their (partition, offset) once all are acknowledged.

        Raises:
            Unavailable: one was not acknowledged; all may be sent again, readers drop duplicates.
        """
        try:
            count = len(self._producer.partitions_for(topic))
            futures = [
                self._producer.send(topic, key=key.encode(), value=value, partition=crc32(key.encode()) % count)
                for key, value in messages
            ]
            self._producer.flush(timeout=10)
            answers = [future.get(timeout=10) for future in futures]
        except self._error as error:
            raise Unavailable(f"broker (TRADEWIND_KAFKA): {error!r}") from error
        return [(answer.partition, answer.offset) for answer in answers]

    def close(self) -> None:
        """Close the connection."""
        self._producer.close(timeout=2)


class SignalConsumer:
    """Reads all partitions of one topic from given offsets; the broker's own group offsets are never used."""

    def __init__(self, bootstrap: str, api_version: str | None, topic: str) -> None:
        from kafka import KafkaConsumer
        from kafka.errors import (
            KafkaError,
            LogTruncationError,  # pyright: ignore[reportAttributeAccessIssue]
            NoOffsetForPartitionError,
            OffsetOutOfRangeError,
        )

        self.topic = topic
        self._error = KafkaError
        self._lost = (OffsetOutOfRangeError, LogTruncationError, NoOffsetForPartitionError)
        self.partitions = 0
        try:
            self._consumer: Any = KafkaConsumer(
                group_id=None,
                enable_auto_commit=False,
                auto_offset_reset="none",  # pyright: ignore[reportArgumentType] - where to go on is never guessed
                isolation_level="read_committed",
                # Our own broker is told by its version; it does not wake a waiting fetch when a message comes.
                fetch_max_wait_ms=500 if api_version is None else 50,
                max_partition_fetch_bytes=4 * 1024 * 1024,
                metrics_enabled=False,  # nobody reads them, and they cost as much as the messages
                **connection(bootstrap, api_version),
            )
        except KafkaError as error:
            raise Unavailable(f"broker (TRADEWIND_KAFKA): {error!r}") from error

    def place(self, next_offsets: Mapping[int, int]) -> dict[int, tuple[int, int]]:
        """Assign all partitions, seek to `next_offsets` (the beginning where absent); return (beginning, end) of each.

        Raises:
            Unavailable: the broker does not answer, or has no such topic.
        """
        from kafka.structs import TopicPartition

        try:
            numbers = self._consumer.partitions_for_topic(self.topic)
            if not numbers:
                raise Unavailable(f"broker (TRADEWIND_KAFKA) has no topic {self.topic}")
            partitions = [TopicPartition(self.topic, number) for number in sorted(numbers)]
            self._consumer.assign(partitions)
            self.partitions = len(partitions)
            first, last = self._consumer.beginning_offsets(partitions), self._consumer.end_offsets(partitions)
            for partition in partitions:
                self._consumer.seek(partition, next_offsets.get(partition.partition, first[partition]))
        except self._error as error:
            raise Unavailable(f"broker (TRADEWIND_KAFKA): {error!r}") from error
        return {partition.partition: (first[partition], last[partition]) for partition in partitions}

    def poll(self, timeout_ms: int) -> list[Record]:
        """Return the next messages, in order per partition; empty after `timeout_ms` without any.

        Raises:
            Misconfigured: the topic does not hold the offset that is next; nothing may be assumed about what it holds.
            Unavailable: the broker does not answer.
        """
        try:
            batches = self._consumer.poll(timeout_ms=timeout_ms, max_records=200)
        except self._lost as error:
            raise Misconfigured(
                f"{self.topic} was re-created or has lost its tail: {error!r}; restore it, or name a new topic by"
                " TRADEWIND_SIGNAL_TOPIC"
            ) from error
        except self._error as error:
            raise Unavailable(f"broker (TRADEWIND_KAFKA): {error!r}") from error
        return [
            Record(record.topic, record.partition, record.offset, record.value, record.key)
            for batch in batches.values()
            for record in batch
        ]

    def close(self) -> None:
        """Close the connection."""
        self._consumer.close()


def connection(bootstrap: str, api_version: str | None) -> dict[str, Any]:
    """Return the client options that every connection shares; `api_version` is set for the in-process broker only."""
    options: dict[str, Any] = {"bootstrap_servers": bootstrap.split(","), "bootstrap_timeout_ms": 10_000}
    # The client would wait up to 30 s before it tries again: a broker that is back is to be noticed soon.
    options["reconnect_backoff_max_ms"] = 1000
    if api_version is not None:
        options["api_version"] = tuple(int(part) for part in api_version.split("."))
    return options


def cluster_id(bootstrap: str, api_version: str | None) -> str:
    """Return the id of the cluster behind `bootstrap`; Unavailable when it does not answer."""
    with _admin(bootstrap, api_version) as admin:
        return str(admin.describe_cluster()["cluster_id"])


def topic_id(bootstrap: str, topic: str) -> str:
    """Return the id that the broker gave to `topic` when it was made, nothing from one that gives none (before 2.8).

    Raises:
        Unavailable: the broker does not answer, or has no such topic.
    """
    with _admin(bootstrap, None) as admin:
        (found,) = admin.describe_topics([topic])
    if found["error_code"]:
        raise Unavailable(f"broker (TRADEWIND_KAFKA) has no topic {topic}")
    identity = found.get("topic_id")
    return str(identity) if identity else ""


def ensure_topic(bootstrap: str, api_version: str | None, topic: str, partitions: int) -> None:
    """Create `topic` on a real broker when it is missing; Unavailable when the broker does not answer."""
    from kafka.errors import TopicAlreadyExistsError

    with _admin(bootstrap, api_version) as admin:
        if topic not in admin.list_topics():
            with suppress(TopicAlreadyExistsError):
                admin.create_topics({topic: {"num_partitions": partitions, "replication_factor": 1}})


@contextmanager
def _admin(bootstrap: str, api_version: str | None) -> Iterator[Any]:
    from kafka import KafkaAdminClient
    from kafka.errors import KafkaError

    try:
        admin: Any = KafkaAdminClient(**connection(bootstrap, api_version))
        try:
            yield admin
        finally:
            admin.close()
    except KafkaError as error:
        raise Unavailable(f"broker (TRADEWIND_KAFKA): {error!r}") from error
