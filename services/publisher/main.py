"""The publisher process: `python -m services.publisher.main`, configured by the environment."""

from threading import Event

import structlog

from adapters.bus.envelope import seal
from adapters.bus.signal_topic import SignalProducer, cluster_id
from adapters.compose import clock
from adapters.settings import load
from adapters.store import heartbeats, outbox
from adapters.store.database import Database
from services.process import main
from trading.errors import Unavailable
from trading.ports import Clock

_log = structlog.get_logger()

_IDLE_SECONDS = 0.25
_PAUSE_SECONDS = 0.5


def run(stop: Event) -> None:
    """Relay messages of the settings' book until `stop` is set; what cannot be sent now is sent later."""
    settings = load()
    bootstrap, version = settings.required("kafka"), settings.kafka_api_version
    cluster, key, time = cluster_id(bootstrap, version), settings.required("signal_key"), clock(settings)
    producer, bell = SignalProducer(bootstrap, version), outbox.Bell(settings.required("database_url"))
    with Database(settings.required("database_url"), size=2) as database:
        with database.transaction() as connection:
            heartbeats.beat(connection, "publisher", settings.book, {"cluster_id": cluster})
        while not stop.is_set():
            try:
                if not relay(database, producer, time, settings.book, cluster, key):
                    bell.wait(_IDLE_SECONDS)
            except Unavailable as error:
                _log.warning("unavailable", why=str(error))
                stop.wait(_PAUSE_SECONDS)
    bell.close()
    producer.close()


def relay(database: Database, producer: SignalProducer, time: Clock, book: str, cluster: str, key: str) -> int:
    """Send what waits in the outbox and mark it; a crash between the two sends it again, and readers drop it.

    Raises:
        Unavailable: broker, clock or database do not answer.
    """
    with database.transaction() as connection:
        if not outbox.waiting(connection, book, cluster):
            return 0
    now = time.now()
    with database.transaction() as connection:
        messages = outbox.pending(connection, book, cluster, now)
        by_topic: dict[str, list[dict[str, str]]] = {}
        for message in messages:
            by_topic.setdefault(message["topic"], []).append(message)
        for topic, batch in by_topic.items():
            places = producer.send(topic, [(m["key"], seal(m["payload"], key)) for m in batch])
            for message, (partition, offset) in zip(batch, places, strict=True):
                outbox.mark(connection, message["signal_id"], cluster, partition, offset, now)
    return len(messages)


if __name__ == "__main__":
    main(run)
