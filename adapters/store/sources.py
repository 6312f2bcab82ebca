"""How the sources stand: the contract as it was last declared, what was last answered, what was quarantined."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from adapters.store.database import Connection

_LONGEST = 4_000


def state(connection: Connection, source: str) -> dict[str, Any] | None:
    """Return the row of `source` in ops.sources, None when it was never asked."""
    return connection.execute("select * from ops.sources where source = %s", (source,)).fetchone()


def declare(connection: Connection, contract: Mapping[str, Any]) -> None:
    """Store the contract of a source as it is declared now.

    `contract` has source, kind, url, licence, fresh_seconds and every_seconds. What another address answered says
    nothing of this one, so it is forgotten.
    """
    connection.execute(
        "insert into ops.sources as s (source, kind, url, licence, fresh_seconds, every_seconds)"
        " values (%(source)s, %(kind)s, %(url)s, %(licence)s, %(fresh_seconds)s, %(every_seconds)s)"
        " on conflict (source) do update set kind = excluded.kind, url = excluded.url, licence = excluded.licence,"
        " fresh_seconds = excluded.fresh_seconds, every_seconds = excluded.every_seconds,"
        " etag = case when s.url = excluded.url then s.etag end,"
        " last_modified = case when s.url = excluded.url then s.last_modified end",
        contract,
    )


def answered(
    connection: Connection,
    source: str,
    at: datetime,
    *,
    etag: str | None,
    last_modified: str | None,
    newest: datetime | None,
    written: int,
    refused: int,
) -> datetime | None:
    """Store that `source` has answered and all of it is stored; return the time of the newest item it ever gave."""
    row = connection.execute(
        "update ops.sources set asked_at = %(at)s, answered_at = %(at)s, not_before = null, error = '',"
        " etag = %(etag)s, last_modified = %(last_modified)s, newest_ts = greatest(newest_ts, %(newest)s),"
        " written = written + %(written)s, refused = refused + %(refused)s where source = %(source)s"
        " returning newest_ts",
        {
            "source": source,
            "at": at,
            "etag": etag,
            "last_modified": last_modified,
            "newest": newest,
            "written": written,
            "refused": refused,
        },
    ).fetchone()
    return None if row is None else row["newest_ts"]


def failed(connection: Connection, source: str, at: datetime, error: str, not_before: datetime | None) -> None:
    """Store why `source` gave nothing, and until when it asks to be left alone."""
    connection.execute(
        "update ops.sources set asked_at = %s, error = %s, not_before = %s where source = %s",
        (at, _ascii(error)[:500], not_before, source),
    )


def quarantine(connection: Connection, source: str, items: Iterable[tuple[str, str]], at: datetime, run_id: str) -> int:
    """Store items as (reason, raw) once each, bounded and in ASCII; return how many were new."""
    new = 0
    for reason, raw in items:
        digest = hashlib.sha256(raw.encode("utf-8", "surrogatepass")).hexdigest()
        new += connection.execute(
            "insert into ops.quarantined_items (source, item_hash, reason, content, recorded_at, run_id)"
            " values (%s, %s, %s, %s, %s, %s) on conflict do nothing",
            (source, digest, reason, _ascii(raw)[:_LONGEST], at, run_id),
        ).rowcount
    return new


def _ascii(text: str) -> str:
    return text[:_LONGEST].encode("ascii", "backslashreplace").decode().replace("\x00", "\\x00")
