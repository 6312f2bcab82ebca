"""The broker log: every message of the signal topic, read from the beginning by a plain consumer."""

import hashlib
import json
from dataclasses import dataclass

from adapters.bus.signal_topic import SignalConsumer, cluster_id
from trading.errors import Unavailable

_POLL_MS = 200
#: Polls without any message after which the rest of the log counts as unreadable.
_PATIENCE = 50


@dataclass(frozen=True)
class Message:
    """One message; `signal_id` and `book` are "" and `digest` of no use when its body cannot be read."""

    partition: int
    offset: int
    signal_id: str
    book: str
    digest: str


@dataclass(frozen=True)
class Log:
    """All that the topic holds; `ends` is (first offset, next offset) by partition."""

    cluster_id: str
    messages: tuple[Message, ...]
    ends: dict[int, tuple[int, int]]


def read(bootstrap: str, api_version: str | None, topic: str) -> Log:
    """Return the log of `topic`.

    Raises:
        Unavailable: the broker does not answer, or not to the end of the log.
    """
    cluster = cluster_id(bootstrap, api_version)
    consumer = SignalConsumer(bootstrap, api_version, topic)
    try:
        ends = consumer.place({})
        ends = consumer.place({partition: first for partition, (first, _) in ends.items()})
        open_ends = {partition: last for partition, (first, last) in ends.items() if first < last}
        found: list[Message] = []
        silent = 0
        while open_ends and silent < _PATIENCE:
            records = consumer.poll(_POLL_MS)
            silent = 0 if records else silent + 1
            for record in records:
                found.append(message(record.partition, record.offset, record.value))
                if record.offset + 1 >= open_ends.get(record.partition, record.offset + 2):
                    del open_ends[record.partition]
        if open_ends:
            raise Unavailable(f"broker (TRADEWIND_KAFKA): partitions {sorted(open_ends)} cannot be read to their end")
    finally:
        consumer.close()
    return Log(cluster, tuple(found), ends)


def message(partition: int, offset: int, value: bytes | None) -> Message:
    """Return what a message says about itself; whether it was signed right is not asked."""
    try:
        body = json.loads(value or b"")["body"]
        fields = json.loads(body)
        names = (str(fields["signal_id"]), str(fields["book"]))
        digest = hashlib.sha256(body.encode()).hexdigest()
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        return Message(partition, offset, "", "", "")
    return Message(partition, offset, *names, digest)
