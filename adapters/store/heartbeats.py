"""Heartbeats: each service says that it lives, and up to when it has dealt with everything."""

import os
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from adapters.store.database import Connection


def beat(connection: Connection, service: str, book: str, detail: dict[str, Any]) -> None:
    """Write the heartbeat of this process."""
    connection.execute(
        "insert into ops.heartbeats (service, book, pid, at, detail) values (%s, %s, %s, clock_timestamp(), %s)"
        " on conflict (service, book) do update"
        " set pid = excluded.pid, at = excluded.at, detail = excluded.detail",
        (service, book, os.getpid(), Jsonb(detail)),
    )


def settled_at(connection: Connection, service: str, book: str, pid: int) -> datetime | None:
    """Return the market time up to which the process `pid` of `service` has nothing left to do, or None."""
    row = connection.execute(
        "select (detail ->> 'settled_at')::timestamptz as at from ops.heartbeats"
        " where service = %s and book = %s and pid = %s",
        (service, book, pid),
    ).fetchone()
    return None if row is None else row["at"]
