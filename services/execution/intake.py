"""Intake: one message of the topic with its offset, inbox row, decision and intents in one transaction.

Nothing is dropped silently: consumed = accepted + expired + denied + dead letters (+ other books' messages, read on).
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from adapters.bus.envelope import unseal
from adapters.bus.signal_message import decode
from adapters.bus.signal_topic import Record
from adapters.store import audit, dead_letters, inbox, situations, triggers
from adapters.store.database import Connection
from adapters.store.situations import Situation
from adapters.store.triggers import Trigger
from services.execution.crash_points import crash_point
from services.execution.desk import Desk
from services.execution.evaluate import conclude
from trading.errors import BadData
from trading.order import Order
from trading.ports import Known, Unreachable
from trading.signal import Signal

#: Clocks of two processes that follow the same venue differ by less; what is dated later comes from elsewhere.
_AHEAD = timedelta(seconds=1)


@dataclass(frozen=True)
class Message:
    """A record whose envelope and body were found sound."""

    record: Record
    cluster_id: str
    signal: Signal
    body: dict[str, Any]
    digest: str


def take(desk: Desk, record: Record, cluster_id: str, key: str) -> Sequence[Order]:
    """Take one record over: as a signal that is decided about, an expired or superseded one, or a dead letter.

    Returns the orders that are to be sent now, stored as SENDING.

    Raises:
        Unavailable: the database or the clock does not answer; the record will be read again.
    """
    now = desk.clock.now()
    crash_point("record_read")
    try:
        message = _open(desk, record, cluster_id, key, now)
    except BadData as error:
        with desk.transaction() as connection:
            _advance(connection, record, cluster_id)
            _bury(connection, record, cluster_id, str(error), now)
        return ()
    crash_point("record_opened")
    if message is None:
        with desk.transaction() as connection:
            _advance(connection, record, cluster_id)
        return ()
    price = desk.price(message.signal.symbol)
    with desk.transaction() as connection:
        sending = _accept(connection, desk, message, price, now)
        _advance(connection, record, cluster_id)
        crash_point("decision_written")
    crash_point("intake_committed")
    return sending


def _open(desk: Desk, record: Record, cluster_id: str, key: str, now: datetime) -> Message | None:
    """Return the sound message of `record`, None when it is for another book; BadData otherwise."""
    body = unseal(record.value, key)
    signal = decode(body)
    if signal.book != desk.book:
        return None
    if signal.symbol not in desk.instruments or signal.venue != desk.venue_name:
        raise BadData(f"{signal.symbol} at {signal.venue} is not traded by book {desk.book}")
    if signal.decided_at > now + _AHEAD:
        raise BadData(f"signal decided at {signal.decided_at.isoformat()}, in the future of {now.isoformat()}")
    return Message(record, cluster_id, signal, json.loads(body), hashlib.sha256(body.encode()).hexdigest())


def _advance(connection: Connection, record: Record, cluster_id: str) -> None:
    inbox.advance(connection, cluster_id, record.topic, record.partition, record.offset + 1)


def _bury(connection: Connection, record: Record, cluster_id: str, why: str, now: datetime) -> None:
    ref = f"{record.topic}:{record.partition}:{record.offset}"
    stored = dead_letters.bury(connection, cluster_id, record, why)
    audit.record(connection, now, "execution", "dead_letter", ref, {"why": stored})


def _accept(
    connection: Connection, desk: Desk, message: Message, price: Known[Decimal] | Unreachable, now: datetime
) -> Sequence[Order]:
    signal = message.signal
    instrument = desk.instruments[signal.symbol]
    situation = situations.load(connection, desk.book, signal.strategy, instrument, signal.signal_id)
    if situation.known_hash is not None:
        if situation.known_hash != message.digest:
            why = f"signal {signal.signal_id} is known with another body"
            _bury(connection, message.record, message.cluster_id, why, now)
        return ()
    status, reason = _status(situation, signal, now)
    _store(connection, desk, message, status, reason, now)
    if status != "ACCEPTED":
        return ()
    trigger = Trigger(signal.strategy, signal.symbol, "signal", 0)
    sending = None
    if isinstance(price, Known):
        in_force = situations.under(situation, message.body)
        sending = conclude(connection, desk, trigger, in_force, price.value, now, signal)
    if sending is None:
        triggers.add(connection, desk.book, signal.strategy, signal.symbol, "signal", now)
        return ()
    return sending


def _store(connection: Connection, desk: Desk, message: Message, status: str, reason: str, now: datetime) -> None:
    record = message.record
    inbox.take(
        connection,
        {
            "signal_id": message.signal.signal_id,
            "book": desk.book,
            "body_hash": message.digest,
            "body": message.body,
            "status": status,
            "reason": reason,
            "received_at": now,
            "cluster_id": message.cluster_id,
            "topic": record.topic,
            "partition": record.partition,
            "offset_": record.offset,
        },
    )
    about = {"status": status, "reason": reason}
    audit.record(connection, now, "execution", "signal", message.signal.signal_id, about)


def _status(situation: Situation, signal: Signal, now: datetime) -> tuple[str, str]:
    if now >= signal.valid_until:
        return "EXPIRED", f"valid until {signal.valid_until.isoformat()}"
    newest = situation.body
    if newest is not None and _rank(newest) > (signal.decided_at.isoformat(), signal.signal_id):
        return "DENIED", f"superseded by {newest['signal_id']}"
    return "ACCEPTED", signal.reason


def _rank(body: dict[str, Any]) -> tuple[str, str]:
    """Return by what the signal in force is chosen among all that were accepted."""
    return body["decided_at"], body["signal_id"]
