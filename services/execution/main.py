"""The execution process: `python -m services.execution.main`, configured by the environment.

Started beside another one it stands by, with everything loaded, and takes the book over when the owner falls silent.
"""

import contextlib
import os
import sys
from collections.abc import Callable, Mapping
from decimal import Decimal
from threading import Event
from typing import Any

import structlog

from adapters.bus.signal_topic import SignalConsumer, cluster_id
from adapters.compose import clock, liaison, quotes, venues
from adapters.repeat import repeated
from adapters.settings import Settings, load
from adapters.store import books, instruments, parameters
from adapters.store.database import Database
from adapters.telemetry.execution_metrics import Metrics
from adapters.telemetry.health import Health
from adapters.telemetry.venue_metrics import VenueMetrics
from services.execution import clock_watch
from services.execution.clock_watch import Alignable, ClockWatch
from services.execution.desk import Desk
from services.execution.lease import Lease
from services.execution.loop import Loop
from services.execution.placing import place
from services.process import main
from trading.errors import Misconfigured
from trading.ports import Known, Unreachable, Venue

_log = structlog.get_logger()

#: Threads hand over to each other on the way of an order; the interpreter's usual 5 ms would be all of it.
_SWITCH_SECONDS = 0.0001


def run(stop: Event) -> None:
    """Trade the book of the settings until `stop` is set; stand by while another process does."""
    settings = load()
    sys.setswitchinterval(_SWITCH_SECONDS)
    with contextlib.ExitStack() as parts:
        size = 2 + 2 * settings.lanes
        url = settings.required("database_url")
        # Frozen within a transaction we hold the lease's row; the server ends it in time for a successor.
        database = Database(url, size=size, transaction_timeout=f"{settings.lease_ms}ms", checked=False)
        parts.enter_context(database)
        configuration = _configuration(settings, database)
        touch = parts.enter_context(liaison(settings, configuration["venue"]))
        connections = venues(settings, configuration["venue"], settings.lanes, touch)
        bootstrap, version = settings.required("kafka"), settings.kafka_api_version
        cluster = cluster_id(bootstrap, version)
        consumer = SignalConsumer(bootstrap, version, settings.signal_topic)
        parts.callback(consumer.close)
        for connection in connections:
            connection.balances()  # a standby has its markets loaded and its connections open
        metrics = Metrics(VenueMetrics(touch))
        if settings.health_port is not None:
            health = parts.enter_context(Health(metrics, settings.health_port))
            _log.info("health", url=f"http://127.0.0.1:{health.port}/health")
        lease = Lease(database, settings.book, f"{os.uname().nodename}:{os.getpid()}", settings.lease_ms)
        parts.callback(lease.close)
        epoch = lease.wait(stop)
        if epoch is None:
            return
        metrics.own(epoch)
        quote = None
        if settings.market_time == "running":
            quote = parts.enter_context(quotes(settings, configuration["symbols"], touch))
        desks = [_desk(settings, configuration, database, epoch, venue, quote, metrics) for venue in connections]
        place(database, consumer, cluster, bootstrap if version is None else None)
        if isinstance(time := clock(settings), Alignable):
            watch = ClockWatch(database, time, settings.book, configuration["venue"], configuration["symbols"])
            parts.enter_context(repeated(watch.look, clock_watch.EVERY_SECONDS, "clock"))
        _log.info("trading", book=settings.book, epoch=epoch, symbols=sorted(desks[0].instruments))
        Loop(desks, consumer, cluster, settings.required("signal_key"), settings.review_seconds).run(stop)


def _configuration(settings: Settings, database: Database) -> Mapping[str, Any]:
    with database.transaction() as connection:
        book = books.get(connection, settings.book)
    if book is None:
        raise Misconfigured(f"setting TRADEWIND_BOOK: table ops.books has no row {settings.book}")
    return book["configuration"]


def _desk(
    settings: Settings,
    configuration: Mapping[str, Any],
    database: Database,
    epoch: int,
    venue: Venue,
    quote: Callable[[str], Known[Decimal] | Unreachable] | None,
    metrics: Metrics,
) -> Desk:
    time = clock(settings)
    with database.transaction() as connection:
        limits = parameters.LimitsByVersion(connection)
        known = instruments.load(connection, configuration["venue"], configuration["symbols"], time.now())
    return Desk(
        settings.book,
        configuration["venue"],
        epoch,
        database,
        venue,
        time,
        known,
        limits,
        settings.recv_window_ms,
        settings.absence_margin_ms,
        quote,
        metrics,
    )


if __name__ == "__main__":
    main(run)
