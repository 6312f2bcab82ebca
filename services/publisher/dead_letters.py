"""The relay of dead letters: each goes to the topic beside its own, at least once, for whoever listens there."""

import base64
import json
from threading import Event

import structlog

from adapters.bus.signal_topic import SignalProducer, ensure_topic
from adapters.settings import Settings
from adapters.store import dead_letters
from adapters.store.database import Connection, Database
from adapters.store.dead_letters import Letter
from trading.errors import Unavailable

_log = structlog.get_logger()

_IDLE_SECONDS = 0.5
_PAUSE_SECONDS = 10.0
#: A broker takes messages of a megabyte; a longer body can be had from the table alone.
_LONGEST_BODY = 512 * 1024


def topic_of(topic: str) -> str:
    """Return the topic for the dead letters of `topic`."""
    return f"{topic}.dead-letters"


def run(settings: Settings, database: Database, stop: Event) -> None:
    """Relay until `stop` is set, beside the signals: a broker that refuses this topic must not hold them up."""
    bootstrap, version = settings.required("kafka"), settings.kafka_api_version
    producer: SignalProducer | None = None
    while not stop.is_set():
        try:
            if producer is None and _waiting(database):
                if version is None:  # the in-process broker makes topics by itself
                    ensure_topic(bootstrap, version, topic_of(settings.signal_topic), 1)
                producer = SignalProducer(bootstrap, version)
            if producer is None or not relay(database, producer):
                stop.wait(_IDLE_SECONDS)
        except Unavailable as error:
            _log.warning("dead_letters_wait", why=str(error))
            stop.wait(_PAUSE_SECONDS)
    if producer is not None:
        producer.close()


def relay(database: Database, producer: SignalProducer) -> int:
    """Send letters that are not in their topic yet, mark them and return how many; a crash in between sends again.

    Raises:
        Unavailable: broker or database do not answer.
    """
    with database.transaction() as connection:
        letters = dead_letters.unpublished(connection)
        by_topic: dict[str, list[Letter]] = {}
        for letter in letters:
            by_topic.setdefault(letter.topic, []).append(letter)
        for topic, batch in by_topic.items():
            producer.send(topic_of(topic), [(str(letter.letter_id), _message(connection, letter)) for letter in batch])
        dead_letters.mark_published(connection, [letter.letter_id for letter in letters])
    return len(letters)


def _waiting(database: Database) -> bool:
    with database.transaction() as connection:
        return bool(dead_letters.unpublished(connection, 1))


def _message(connection: Connection, letter: Letter) -> bytes:
    """Return the letter as JSON: where it lay, why it died, and its body in base64."""
    body = dead_letters.content(connection, letter.letter_id).body
    fields = {
        "letter_id": letter.letter_id,
        "reason": letter.reason,
        "cluster_id": letter.cluster_id,
        "topic": letter.topic,
        "partition": letter.partition,
        "offset": letter.offset,
        "recorded_at": letter.recorded_at.isoformat(),
        "replay_of": letter.replay_of,
        "size": letter.size,
        "body": base64.b64encode(body[:_LONGEST_BODY]).decode(),
    }
    return json.dumps(fields, separators=(",", ":")).encode()
