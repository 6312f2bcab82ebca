"""The inbox: which signals were taken over, from which offset, and what was decided about them."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from psycopg.types.json import Jsonb

from adapters.bus.signal_topic import Record
from adapters.store.database import Connection
from trading.decide import Decision


def body_hash(connection: Connection, signal_id: str) -> str | None:
    """Return the hash of the body under which `signal_id` was taken over, or None."""
    row = connection.execute("select body_hash from trading.inbox where signal_id = %s", (signal_id,)).fetchone()
    return None if row is None else row["body_hash"]


def take(connection: Connection, message: dict[str, Any]) -> bool:
    """Store a message (columns of trading.inbox) once; False when the id is known."""
    return bool(
        connection.execute(
            "insert into trading.inbox (signal_id, book, body_hash, body, status, reason, received_at,"
            " cluster_id, topic, partition, offset_) values (%(signal_id)s, %(book)s, %(body_hash)s, %(body)s,"
            " %(status)s, %(reason)s, %(received_at)s, %(cluster_id)s, %(topic)s, %(partition)s, %(offset)s)"
            " on conflict (signal_id) do nothing",
            {**message, "body": Jsonb(message["body"])},
        ).rowcount
    )


def in_force(connection: Connection, book: str, strategy: str, symbol: str) -> dict[str, Any] | None:
    """Return the body of the newest accepted signal of a sub-account, or None."""
    row = connection.execute(
        "select body from trading.inbox where book = %s and status = 'ACCEPTED'"
        " and body ->> 'strategy' = %s and body ->> 'symbol' = %s"
        " order by body ->> 'decided_at' desc, signal_id desc limit 1",
        (book, strategy, symbol),
    ).fetchone()
    return None if row is None else row["body"]


def add_decision(
    connection: Connection,
    decision: Decision,
    *,
    signal_id: str,
    decision_no: int,
    book: str,
    strategy: str,
    symbol: str,
    trigger: str,
    holding: Decimal,
    inputs: dict[str, Any],
    inputs_hash: str,
    limits_version: int,
    at: datetime,
) -> None:
    """Store one risk decision; a second one under the same number is refused by the database."""
    connection.execute(
        "insert into trading.risk_decisions (signal_id, decision_no, book, strategy, symbol, trigger_, verdict,"
        " reason, current_quantity, target_quantity, inputs, inputs_hash, limits_version, decided_at)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            signal_id,
            decision_no,
            book,
            strategy,
            symbol,
            trigger,
            decision.verdict,
            decision.reason,
            holding,
            decision.target,
            Jsonb(inputs),
            inputs_hash,
            limits_version,
            at,
        ),
    )


def next_decision_no(connection: Connection, signal_id: str) -> int:
    """Return the number of the next decision about `signal_id`, from 1."""
    row = connection.execute(
        "select coalesce(max(decision_no), 0) + 1 as number from trading.risk_decisions where signal_id = %s",
        (signal_id,),
    ).fetchone()
    return 1 if row is None else row["number"]


def offsets(connection: Connection, cluster_id: str, topic: str) -> dict[int, int]:
    """Return the next offset to read by partition, as stored with the effects of the messages before it."""
    rows = connection.execute(
        "select partition, next_offset from trading.consumer_offsets where cluster_id = %s and topic = %s",
        (cluster_id, topic),
    )
    return {row["partition"]: row["next_offset"] for row in rows}


def known_clusters(connection: Connection, topic: str) -> set[str]:
    """Return the ids of all clusters from which `topic` was ever read."""
    rows = connection.execute("select distinct cluster_id from trading.consumer_offsets where topic = %s", (topic,))
    return {row["cluster_id"] for row in rows}


def advance(connection: Connection, cluster_id: str, topic: str, partition: int, next_offset: int) -> None:
    """Store how far the partition has been read; it never goes back."""
    connection.execute(
        "insert into trading.consumer_offsets as o (cluster_id, topic, partition, next_offset)"
        " values (%s, %s, %s, %s) on conflict (cluster_id, topic, partition) do update"
        " set next_offset = greatest(o.next_offset, excluded.next_offset), updated_at = clock_timestamp()",
        (cluster_id, topic, partition, next_offset),
    )


def bury(connection: Connection, cluster_id: str, record: Record, reason: str) -> str:
    """Store a message that cannot be processed as a dead letter; return the reason as it was stored."""
    stored = _printable(reason)
    connection.execute(
        "insert into ops.dead_letters (cluster_id, topic, partition, offset_, reason, body)"
        " values (%s, %s, %s, %s, %s, %s) on conflict do nothing",
        (cluster_id, record.topic, record.partition, record.offset, stored, record.value or b""),
    )
    return stored


def _printable(reason: str) -> str:
    """Return a reason that quotes a stranger's bytes as text that can be stored and shown."""
    return "".join(letter if letter.isprintable() else "?" for letter in reason[:500])
