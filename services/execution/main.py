"""The execution process: `python -m services.execution.main`, configured by the environment."""

import os
from threading import Event

import structlog

from adapters.bus.signal_topic import SignalConsumer, cluster_id
from adapters.compose import clock, venue
from adapters.settings import Settings, load
from adapters.store import books, inbox, instruments, leases, parameters
from adapters.store.database import Database
from services.execution.desk import Desk
from services.execution.loop import Loop
from services.process import main
from trading.errors import Misconfigured, Unavailable

_log = structlog.get_logger()


def run(stop: Event) -> None:
    """Trade the book of the settings until `stop` is set."""
    settings = load()
    with Database(settings.required("database_url")) as database:
        desk = _desk(settings, database)
        bootstrap, version = settings.required("kafka"), settings.kafka_api_version
        cluster = cluster_id(bootstrap, version)
        consumer = SignalConsumer(bootstrap, version, settings.signal_topic)
        try:
            _place(database, consumer, cluster, durable=version is None)
            _log.info("trading", book=desk.book, epoch=desk.epoch, symbols=sorted(desk.instruments))
            Loop(desk, consumer, cluster, settings.required("signal_key")).run(stop)
        finally:
            consumer.close()


def _desk(settings: Settings, database: Database) -> Desk:
    time = clock(settings)
    with database.transaction() as connection:
        book = books.get(connection, settings.book)
        if book is None:
            raise Misconfigured(f"setting TRADEWIND_BOOK: table ops.books has no row {settings.book}")
        configuration = book["configuration"]
        limits_version, limits = parameters.limits(connection)
        known = instruments.load(connection, configuration["venue"], configuration["symbols"], time.now())
        epoch = leases.seize(connection, settings.book, f"{os.uname().nodename}:{os.getpid()}")
    return Desk(
        settings.book,
        configuration["venue"],
        epoch,
        database,
        venue(settings, configuration["venue"]),
        time,
        known,
        limits,
        limits_version,
        settings.recv_window_ms,
        settings.absence_margin_ms,
    )


def _place(database: Database, consumer: SignalConsumer, cluster: str, *, durable: bool) -> None:
    """Start where the database says. A durable broker that is not the one we know, or has lost its tail, halts us.

    Raises:
        Misconfigured: the topic is not the one that was read before; nothing may be assumed about what it holds.
    """
    with database.transaction() as connection:
        stored = inbox.offsets(connection, cluster, consumer.topic)
        others = inbox.known_clusters(connection, consumer.topic) - {cluster}
    ends = _placed(consumer, stored)
    if not durable:
        # The in-process broker is new at every start; the inbox knows what was taken over before.
        if any(end < stored.get(partition, 0) for partition, (_, end) in ends.items()):
            consumer.place({})
        return
    if others:
        raise Misconfigured(
            f"TRADEWIND_KAFKA leads to cluster {cluster}; {consumer.topic} was read from {sorted(others)}"
        )
    for partition, (first, end) in ends.items():
        if not first <= stored.get(partition, first) <= end:
            raise Misconfigured(
                f"{consumer.topic} partition {partition} holds {first}..{end}, but {stored[partition]} was read: "
                "the topic was re-created or has lost its tail"
            )


def _placed(consumer: SignalConsumer, stored: dict[int, int]) -> dict[int, tuple[int, int]]:
    for _ in range(50):
        try:
            return consumer.place(stored)
        except Unavailable as error:
            _log.warning("unavailable", why=str(error))
            Event().wait(0.2)
    return consumer.place(stored)


if __name__ == "__main__":
    main(run)
