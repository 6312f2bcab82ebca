"""Dead letters: messages that execution could not use, kept as they came, relayed to a topic, replayed by people."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from adapters.bus.signal_topic import Record
from adapters.store.database import Connection

_LONGEST_REASON = 500
_HEAD = (
    "select l.letter_id, l.cluster_id, l.topic, l.partition, l.offset_ as offset, l.reason, l.recorded_at,"
    " l.published_at, octet_length(l.body) as size, count(r.replay_id)::int as replays,"
    " max(r.replayed_at) as replayed_at,"
    " (array_agg(r.replayed_by order by r.replay_id desc) filter (where r.replay_id is not null))[1] as replayed_by,"
    " (select o.letter_id from ops.dead_letter_replays as o where (o.cluster_id, o.topic, o.partition, o.offset_)"
    "  = (l.cluster_id, l.topic, l.partition, l.offset_) limit 1) as replay_of"
    " from ops.dead_letters as l left join ops.dead_letter_replays as r using (letter_id)"
)


@dataclass(frozen=True)
class Letter:
    """One dead letter without its body of `size` bytes; `replay_of` is the letter whose replay died here."""

    letter_id: int
    cluster_id: str
    topic: str
    partition: int
    offset: int
    reason: str
    recorded_at: datetime
    published_at: datetime | None
    size: int
    replays: int
    replayed_at: datetime | None
    replayed_by: str | None
    replay_of: int | None


@dataclass(frozen=True)
class Content:
    """The message itself; letters of the time before keys were kept have none."""

    key: bytes | None
    body: bytes


def bury(connection: Connection, cluster_id: str, record: Record, reason: str) -> str:
    """Store a message that cannot be processed as a dead letter; return the reason as it was stored."""
    stored = _printable(reason)
    connection.execute(
        "insert into ops.dead_letters (cluster_id, topic, partition, offset_, reason, key, body)"
        " values (%s, %s, %s, %s, %s, %s, %s) on conflict do nothing",
        (cluster_id, record.topic, record.partition, record.offset, stored, record.key, record.value or b""),
    )
    return stored


def find(connection: Connection, *, all_: bool = False, limit: int = 1000) -> list[Letter]:
    """Return the letters that were never replayed, with `all_` the others too: the newest `limit`, oldest first."""
    rows = connection.execute(
        f"{_HEAD} group by l.letter_id having %s or count(r.replay_id) = 0 order by l.letter_id desc limit %s",  # pyright: ignore[reportArgumentType, reportCallIssue]
        (all_, limit),
    ).fetchall()
    return [Letter(**row) for row in reversed(rows)]


def get(connection: Connection, letter_id: int) -> Letter | None:
    """Return one letter, or None."""
    row = connection.execute(f"{_HEAD} where l.letter_id = %s group by l.letter_id", (letter_id,)).fetchone()  # pyright: ignore[reportArgumentType, reportCallIssue]
    return None if row is None else Letter(**row)


def content(connection: Connection, letter_id: int) -> Content:
    """Return key and body of a letter that exists, byte for byte as they came."""
    row = connection.execute("select key, body from ops.dead_letters where letter_id = %s", (letter_id,)).fetchone()
    assert row is not None  # noqa: S101
    return Content(row["key"], row["body"])


def unpublished(connection: Connection, limit: int = 20) -> list[Letter]:
    """Return letters that are not in their topic yet, oldest first, for this transaction alone."""
    rows = connection.execute(
        "select letter_id from ops.dead_letters where published_at is null order by letter_id limit %s"
        " for update skip locked",
        (limit,),
    ).fetchall()
    return [letter for row in rows if (letter := get(connection, row["letter_id"])) is not None]


def mark_published(connection: Connection, letter_ids: Sequence[int]) -> None:
    """Note that the letters lie in their topic."""
    connection.execute(
        "update ops.dead_letters set published_at = clock_timestamp() where letter_id = any(%s)", (list(letter_ids),)
    )


def add_replay(connection: Connection, letter: Letter, by: str, cluster_id: str, place: tuple[int, int]) -> None:
    """Note that `by` sent `letter` again, and the (partition, offset) where it lies now."""
    connection.execute(
        "insert into ops.dead_letter_replays (letter_id, replayed_by, cluster_id, topic, partition, offset_)"
        " values (%s, %s, %s, %s, %s, %s)",
        (letter.letter_id, by, cluster_id, letter.topic, *place),
    )


def _printable(reason: str) -> str:
    """Return a reason that quotes a stranger's bytes as text that can be stored and shown."""
    return "".join(letter if letter.isprintable() else "?" for letter in reason[:_LONGEST_REASON])
