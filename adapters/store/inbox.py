"""The inbox: which signals were taken over, from which offset, and what was decided about them."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from psycopg.types.json import Jsonb

from adapters.store.database import Connection
from trading.decide import Decision


def take(connection: Connection, message: dict[str, Any]) -> None:
    """Store a message (columns of trading.inbox); one whose id is known is refused by the database."""
    connection.execute(
        "insert into trading.inbox (signal_id, book, body_hash, body, status, reason, received_at,"
        " cluster_id, topic, partition, offset_) values (%(signal_id)s, %(book)s, %(body_hash)s, %(body)s,"
        " %(status)s, %(reason)s, %(received_at)s, %(cluster_id)s, %(topic)s, %(partition)s, %(offset)s)",
        {**message, "body": Jsonb(message["body"])},
    )


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
