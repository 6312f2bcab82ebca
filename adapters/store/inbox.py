"""The inbox: which signals were taken over, from which offset, and what was decided about them."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from adapters.store.database import Connection
from trading.decide import Decision


def take(connection: Connection, message: dict[str, Any]) -> None:
    """Store a message (columns of trading.inbox); one whose id is known is refused by the database."""
    connection.write("signal", **message)


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
    connection.write(
        "decision",
        signal_id=signal_id,
        decision_no=decision_no,
        book=book,
        strategy=strategy,
        symbol=symbol,
        trigger_=trigger,
        verdict=decision.verdict,
        reason=decision.reason,
        current_quantity=holding,
        target_quantity=decision.target,
        inputs=inputs,
        inputs_hash=inputs_hash,
        limits_version=limits_version,
        decided_at=at,
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


def identify(connection: Connection, cluster_id: str, topic: str, topic_id: str) -> str:
    """Return the id of the topic that was read under this name, which from now on is `topic_id` if none was."""
    connection.execute(
        "insert into trading.read_topics (cluster_id, topic, topic_id) values (%s, %s, %s) on conflict do nothing",
        (cluster_id, topic, topic_id),
    )
    row = connection.execute(
        "select topic_id from trading.read_topics where cluster_id = %s and topic = %s", (cluster_id, topic)
    ).fetchone()
    assert row is not None  # noqa: S101
    return row["topic_id"]


def advance(connection: Connection, cluster_id: str, topic: str, partition: int, next_offset: int) -> None:
    """Store how far the partition has been read; it never goes back."""
    connection.write("offset", cluster_id=cluster_id, topic=topic, partition=partition, next_offset=next_offset)
