"""A visit to a source: asked when it is due, its answer stored, then how it stands; a failure stops no other source."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from adapters.sources.declared import Source
from adapters.sources.fetch import Answer, Busy, Held, fetch
from adapters.store import sources as stored
from adapters.store.database import Database
from trading.errors import BadData, Interrupted, TradewindError

#: A schedule does not tick to the second: who is due so soon is due.
_SLACK = timedelta(seconds=60)


class Ended(StrEnum):
    """How a visit ended."""

    EARLY = "EARLY"  # it was not due
    UNCHANGED = "UNCHANGED"  # nothing new
    READ = "READ"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of an answer: rows written, items refused (reason, raw), the time of its newest item."""

    written: int
    refused: tuple[tuple[str, str], ...] = ()
    newest: datetime | None = None
    held: Held = field(default_factory=Held)


@dataclass(frozen=True, slots=True)
class Visit:
    """What a check wants to know of a source: how the visit ended, what was wrong, the time of its newest item ever."""

    source: Source
    ended: Ended
    newest: datetime | None
    written: int = 0
    refused: tuple[tuple[str, str], ...] = ()
    error: str = ""

    def stale(self, now: datetime) -> str | None:
        """Return what is too old, None when the newest item is as fresh as the contract says."""
        if self.newest is None:
            return f"nothing yet {self.error}".strip()
        age = now - self.newest
        return f"newest item is {age} old, {self.source.fresh} are allowed" if age > self.source.fresh else None


def asked(source: Source, held: Held) -> Answer:
    """Return what the source answers over HTTP; errors as `fetch` raises them."""
    return fetch(source.name, source.address(), held)


def visit(
    database: Database, source: Source, now: datetime, run_id: str, take: Callable[[Source, Held], Taken]
) -> Visit:
    """Visit `source` at `now` if it is due; `take` asks it and stores what it says, the same again without a trace.

    How it stands is written after its rows: whoever is killed between asks again.
    """
    with database.transaction() as connection:
        stored.declare(connection, _contract(source))
        state = stored.state(connection, source.name) or {}
    newest = state.get("newest_ts")
    if not _due(state, source, now):
        return Visit(source, Ended.EARLY, newest, error=state.get("error", ""))
    try:
        taken = take(source, Held(state.get("etag"), state.get("last_modified")))
    except Interrupted:
        raise
    except TradewindError as error:
        return _failed(database, source, now, run_id, error, newest)
    with database.transaction() as connection:
        new = stored.quarantine(connection, source.name, taken.refused, now, run_id)
        newest = stored.answered(
            connection,
            source.name,
            now,
            etag=taken.held.etag,
            last_modified=taken.held.last_modified,
            newest=taken.newest,
            written=taken.written,
            refused=new,
        )
    ended = Ended.READ if taken.written or taken.refused else Ended.UNCHANGED
    return Visit(source, ended, newest, taken.written, taken.refused)


def _failed(
    database: Database, source: Source, now: datetime, run_id: str, error: TradewindError, newest: datetime | None
) -> Visit:
    """Write down why nothing came; a document that must not be used is quarantined by its fault."""
    pause = now + timedelta(seconds=error.seconds) if isinstance(error, Busy) else None
    refused = (("document", str(error)),) if isinstance(error, BadData) else ()
    with database.transaction() as connection:
        stored.failed(connection, source.name, now, str(error), pause)
        stored.quarantine(connection, source.name, refused, now, run_id)
    return Visit(source, Ended.FAILED, newest, refused=refused, error=str(error))


def _due(state: dict[str, object], source: Source, now: datetime) -> bool:
    before, last = state.get("not_before"), state.get("asked_at")
    if isinstance(before, datetime) and now < before:
        return False
    return not isinstance(last, datetime) or now >= last + source.every - _SLACK or now < last


def _contract(source: Source) -> dict[str, object]:
    return {
        "source": source.name,
        "kind": source.kind,
        "url": source.url,
        "licence": source.licence,
        "fresh_seconds": round(source.fresh.total_seconds()),
        "every_seconds": round(source.every.total_seconds()),
    }
