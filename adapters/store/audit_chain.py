"""The audit chain read again: every hash is made anew, every row must follow the one before, every anchor must hold."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from adapters.store.anchors import Anchor
from adapters.store.database import Connection

GENESIS = "0" * 64
_PAGE = 5000


class Event(NamedTuple):
    """One row as texts: `at` in seconds since 1970 and `payload` as PostgreSQL words them, for so they are hashed."""

    seq: int
    at: str
    actor: str
    kind: str
    ref: str
    payload: str
    previous: str
    hash: str


@dataclass(frozen=True)
class Flaw:
    """The first row that is proven wrong; rows from `since` on may be wrong too, made anew with hashes that fit."""

    seq: int
    since: int
    what: str


@dataclass(frozen=True)
class Checked:
    """How many rows were read, how many anchors were there, and the first flaw, if any."""

    rows: int
    anchors: int
    flaw: Flaw | None


def digest(event: Event) -> str:
    """Return the hash that the row must have by its content."""
    text = f"{event.seq}|{event.previous}|{event.at}|{event.actor}|{event.kind}|{event.ref}|{event.payload}"
    return hashlib.sha256(text.encode()).hexdigest()


def verify(events: Iterable[Event], anchors: Sequence[Anchor]) -> Checked:
    """Check `events`, as they lie by seq, against each other and against `anchors`; stop at the first flaw."""
    known = {anchor.seq: anchor.hash for anchor in anchors}
    rows, held, before = 0, 0, Event(0, "", "", "", "", "", "", GENESIS)
    stream = iter(events)
    for event in stream:
        flaw = _misfit(before, event) or _misled(before, event, stream, known, held)
        if flaw is not None:
            return Checked(rows, len(anchors), flaw)
        if event.seq in known:
            held = event.seq
        rows, before = rows + 1, event
    newest = max(known, default=0)
    if newest > before.seq:
        what = f"cut off: the anchors know of rows up to {newest}, the chain ends with row {before.seq}"
        return Checked(rows, len(anchors), Flaw(before.seq + 1, before.seq + 1, what))
    return Checked(rows, len(anchors), None)


def _misfit(before: Event, event: Event) -> Flaw | None:
    """Return what is wrong with `event` by itself and by its place behind the sound row `before`."""
    expected = before.seq + 1
    if event.seq > expected:
        return Flaw(expected, expected, f"missing: row {event.seq} follows row {before.seq}")
    if event.seq < expected:
        return Flaw(event.seq, event.seq, f"out of order: row {event.seq} comes behind row {before.seq}")
    if digest(event) != event.hash or "|" in event.actor + event.kind:
        return Flaw(event.seq, event.seq, "changed or moved: its hash does not follow from its number and content")
    return None


def _misled(before: Event, event: Event, rest: Iterator[Event], known: dict[int, str], held: int) -> Flaw | None:
    """Return what is wrong with `event` or `before`, which both agree with themselves, by what others know of them."""
    if event.previous != before.hash:
        # The later row is right when its own follower or an anchor knows it: then the earlier one was made anew.
        follower = next(rest, None)
        believed = event.hash in (known.get(event.seq), follower.previous if follower else event.hash)
        if held < before.seq and believed:
            what = f"changed, with a hash to fit: row {event.seq} was written behind another one"
            return Flaw(before.seq, held + 1, what)
        return Flaw(event.seq, event.seq, f"changed, with a hash to fit: it was not written behind row {before.seq}")
    if known.get(event.seq, event.hash) != event.hash:
        what = f"rewritten: row {event.seq} has another hash than when its anchor was taken"
        return Flaw(event.seq, held + 1, what)
    return None


def read(connection: Connection, first: int = 1) -> Iterator[Event]:
    """Yield the chain from row `first` on, streamed page by page: memory does not grow with it."""
    with connection.cursor("audit_chain", row_factory=_event) as cursor:
        cursor.itersize = _PAGE
        cursor.execute(
            "select seq, extract(epoch from at)::text, actor, kind, ref, payload::text, previous_hash, hash"
            " from ops.audit_events where seq >= %s order by seq",
            (first,),
        )
        yield from cursor


def newest(connection: Connection) -> tuple[int, str] | None:
    """Return (seq, hash) of the last row, or None."""
    row = connection.execute("select seq, hash from ops.audit_events order by seq desc limit 1").fetchone()
    return None if row is None else (row["seq"], row["hash"])


def holds(connection: Connection, anchor: Anchor) -> bool:
    """Return whether the row of `anchor` is there with the hash that the anchor holds."""
    return bool(
        connection.execute(
            "select 1 from ops.audit_events where seq = %s and hash = %s", (anchor.seq, anchor.hash)
        ).rowcount
    )


def _event(_cursor: object):
    return Event._make
