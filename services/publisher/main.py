"""The publisher process: `python -m services.publisher.main`, configured by the environment."""

from threading import Event, Thread
from time import monotonic

import structlog

from adapters.bus.envelope import seal
from adapters.bus.signal_topic import SignalProducer, cluster_id
from adapters.compose import clock
from adapters.settings import Settings, load
from adapters.store import heartbeats, outbox
from adapters.store.database import Database
from services.process import main
from services.publisher import dead_letters
from trading.errors import Unavailable
from trading.ports import Clock

_log = structlog.get_logger()

_IDLE_SECONDS = 0.25
_PAUSE_SECONDS = 0.5
_SAY_SECONDS = 5.0
_PATIENCE_SECONDS = 3.0


def run(stop: Event) -> None:
    """Relay messages of the settings' book until `stop` is set; what cannot be sent now is sent later."""
    settings = load()
    bootstrap, version = settings.required("kafka"), settings.kafka_api_version
    cluster, key, time = cluster_id(bootstrap, version), settings.required("signal_key"), clock(settings)
    producer, bell = SignalProducer(bootstrap, version), outbox.Bell(settings.required("database_url"))
    with Database(settings.required("database_url"), size=3) as database:
        letters = Thread(target=dead_letters.run, args=(settings, database, stop), name="dead-letters", daemon=True)
        letters.start()
        said = float("-inf")
        while not stop.is_set():
            try:
                if monotonic() - said > _SAY_SECONDS:
                    _say(database, settings, cluster)
                    said = monotonic()
                if not relay(database, producer, time, settings.book, cluster, key):
                    bell.wait(_IDLE_SECONDS)
            except Unavailable as error:
                _log.warning("unavailable", why=str(error))
                stop.wait(_PAUSE_SECONDS)
        letters.join(_PATIENCE_SECONDS)
    bell.close()
    producer.close()


def _say(database: Database, settings: Settings, cluster: str) -> None:
    """Write the heartbeat; by it other programs find the broker that this one talks to."""
    detail = {"cluster_id": cluster, "kafka": settings.kafka, "kafka_api_version": settings.kafka_api_version}
    with database.transaction() as connection:
        heartbeats.beat(connection, "publisher", settings.book, detail)


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
