"""Where reading begins: at the offsets that the database holds, in the very topic that they are of."""

from collections.abc import Callable
from threading import Event
from typing import TypeVar

import structlog

from adapters.bus.signal_topic import SignalConsumer, topic_id
from adapters.store import inbox
from adapters.store.database import Database
from trading.errors import Misconfigured, Unavailable

_log = structlog.get_logger()

T = TypeVar("T")

_ATTEMPTS, _PAUSE_SECONDS = 50, 0.2


def place(database: Database, consumer: SignalConsumer, cluster: str, durable: str | None) -> None:
    """Start where the database says. A broker that is not the one we know, or has lost its tail, halts us.

    `durable` is the address of a broker that keeps its messages; None for the one that lives in our own process.

    Raises:
        Misconfigured: the topic is not the one that was read before; nothing may be assumed about what it holds.
    """
    if durable is not None:
        _recognise(database, durable, consumer.topic, cluster)
    with database.transaction() as connection:
        stored = inbox.offsets(connection, cluster, consumer.topic)
    ends = _again(lambda: consumer.place(stored))
    if durable is None:
        # The in-process broker is new at every start; the inbox knows what was taken over before.
        if any(end < stored.get(partition, 0) for partition, (_, end) in ends.items()):
            consumer.place({})
        return
    for partition, (first, end) in ends.items():
        if not first <= stored.get(partition, first) <= end:
            raise Misconfigured(
                f"{consumer.topic} partition {partition} holds {first}..{end}, but {stored[partition]} was read: "
                "the topic was re-created or has lost its tail"
            )


def _recognise(database: Database, bootstrap: str, topic: str, cluster: str) -> None:
    identity = _again(lambda: topic_id(bootstrap, topic))
    with database.transaction() as connection:
        if others := inbox.known_clusters(connection, topic) - {cluster}:
            raise Misconfigured(f"TRADEWIND_KAFKA leads to cluster {cluster}; {topic} was read from {sorted(others)}")
        known = inbox.identify(connection, cluster, topic, identity) if identity else identity
    if known != identity:
        raise Misconfigured(
            f"{topic} was re-created: it has the id {identity}, that of {known} was read; "
            "restore it, or name a new topic by TRADEWIND_SIGNAL_TOPIC"
        )


def _again(ask: Callable[[], T]) -> T:
    """Return what the broker answers; one that is still starting is waited for."""
    for _ in range(_ATTEMPTS):
        try:
            return ask()
        except Unavailable as error:
            _log.warning("unavailable", why=str(error))
            Event().wait(_PAUSE_SECONDS)
    return ask()
