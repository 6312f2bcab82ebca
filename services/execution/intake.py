"""Intake: one message of the topic with its offset, inbox row, decision and intents in one transaction.

Nothing is dropped silently: consumed = accepted + expired + denied + dead letters (+ other books' messages, read on).
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from adapters.bus.envelope import unseal
from adapters.bus.signal_message import decode
from adapters.bus.signal_topic import Record
from adapters.store import audit, inbox, triggers
from adapters.store.database import Connection
from adapters.store.triggers import Trigger
from services.execution.desk import Desk
from services.execution.evaluate import decide_within
from trading.errors import BadData
from trading.ports import Known, Unreachable
from trading.signal import Signal


@dataclass(frozen=True)
class Message:
    """A record whose envelope and body were found sound."""

    record: Record
    cluster_id: str
    signal: Signal
    body: dict[str, Any]
    digest: str


def take(desk: Desk, record: Record, cluster_id: str, key: str) -> None:
    """Take one record over: as a signal that is decided about, an expired or superseded one, or a dead letter.

    Raises:
        Unavailable: the database or the clock does not answer; the record will be read again.
    """
    now = desk.clock.now()
    try:
        message = _open(desk, record, cluster_id, key, now)
    except BadData as error:
        with desk.transaction() as connection:
            inbox.advance(connection, cluster_id, record.topic, record.partition, record.offset + 1)
            _bury(connection, record, cluster_id, str(error), now)
        return
    if message is None:
        with desk.transaction() as connection:
            inbox.advance(connection, cluster_id, record.topic, record.partition, record.offset + 1)
        return
    price = desk.venue.last_price(message.signal.symbol)
    with desk.transaction() as connection:
        inbox.advance(connection, cluster_id, record.topic, record.partition, record.offset + 1)
        known = inbox.body_hash(connection, message.signal.signal_id)
        if known is None:
            _accept(connection, desk, message, price, now)
        elif known != message.digest:
            why = f"signal {message.signal.signal_id} is known with another body"
            _bury(connection, record, cluster_id, why, now)


def _open(desk: Desk, record: Record, cluster_id: str, key: str, now: datetime) -> Message | None:
    """Return the sound message of `record`, None when it is for another book; BadData otherwise."""
    body = unseal(record.value, key)
    signal = decode(body)
    if signal.book != desk.book:
        return None
    if signal.symbol not in desk.instruments or signal.venue != desk.venue_name:
        raise BadData(f"{signal.symbol} at {signal.venue} is not traded by book {desk.book}")
    if signal.decided_at > now:
        raise BadData(f"signal decided at {signal.decided_at.isoformat()}, in the future of {now.isoformat()}")
    return Message(record, cluster_id, signal, json.loads(body), hashlib.sha256(body.encode()).hexdigest())


def _bury(connection: Connection, record: Record, cluster_id: str, why: str, now: datetime) -> None:
    ref = f"{record.topic}:{record.partition}:{record.offset}"
    stored = inbox.bury(connection, cluster_id, record, why)
    audit.record(connection, now, "execution", "dead_letter", ref, {"why": stored})


def _accept(
    connection: Connection, desk: Desk, message: Message, price: Known[Any] | Unreachable, now: datetime
) -> None:
    signal, record = message.signal, message.record
    status, reason = _status(connection, desk, signal, now)
    inbox.take(
        connection,
        {
            "signal_id": signal.signal_id,
            "book": desk.book,
            "body_hash": message.digest,
            "body": message.body,
            "status": status,
            "reason": reason,
            "received_at": now,
            "cluster_id": message.cluster_id,
            "topic": record.topic,
            "partition": record.partition,
            "offset": record.offset,
        },
    )
    audit.record(connection, now, "execution", "signal", signal.signal_id, {"status": status, "reason": reason})
    if status != "ACCEPTED":
        return
    trigger = Trigger(signal.strategy, signal.symbol, "signal", 0)
    if isinstance(price, Unreachable) or not decide_within(connection, desk, trigger, price.value, now):
        triggers.add(connection, desk.book, signal.strategy, signal.symbol, "signal", now)


def _status(connection: Connection, desk: Desk, signal: Signal, now: datetime) -> tuple[str, str]:
    if now >= signal.valid_until:
        return "EXPIRED", f"valid until {signal.valid_until.isoformat()}"
    newest = inbox.in_force(connection, desk.book, signal.strategy, signal.symbol)
    if newest is not None and newest["decided_at"] > signal.decided_at.isoformat():
        return "DENIED", f"superseded by {newest['signal_id']}"
    return "ACCEPTED", signal.reason
