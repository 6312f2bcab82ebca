"""The audit chain: one appended row per decision, order, halt or change; the database links the hashes."""

from datetime import datetime
from typing import Any

from adapters.store.database import Connection


def record(connection: Connection, at: datetime, actor: str, kind: str, ref: str, payload: dict[str, Any]) -> None:
    """Append one event inside the present transaction; `payload` holds plain JSON values, amounts as text.

    All events are one chain, and whoever appends to it holds it until its commit: so that comes last.
    """
    connection.write_last("event", at=at, actor=actor, kind=kind, ref=ref, payload=payload)


def since(connection: Connection, seq: int, kind: str, ref: str) -> dict[str, Any] | None:
    """Return the payload of the newest event of `kind` about `ref` behind row `seq`, or None."""
    row = connection.execute(
        "select payload from ops.audit_events where seq > %s and kind = %s and ref = %s order by seq desc limit 1",
        (seq, kind, ref),
    ).fetchone()
    return None if row is None else row["payload"]
