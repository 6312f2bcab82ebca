"""Which model of a book is in which state, since when, by whom and why: rows that are only ever added."""

from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from adapters.store.database import Connection
from trading.errors import BadData

STATES = ("candidate", "shadow", "canary", "champion", "retired")
#: Who acts where nobody does.
ITSELF = "tradewind"

#: Serialises those who change states: a book has one champion.
_LOCK = 7466926

_NOW = """
select distinct on (s.model_id) s.model_id, s.state, s.who, s.why, s.at, s.evidence
from training.model_states as s where s.book = %s order by s.model_id, s.sequence desc
"""


def now(connection: Connection, book: str) -> dict[str, dict[str, Any]]:
    """Return by model id the newest row (state, who, why, at, evidence) of each model of `book` that has one."""
    return {row["model_id"]: row for row in connection.execute(_NOW, (book,))}


def in_state(connection: Connection, book: str, state: str) -> list[str]:
    """Return the ids of the models of `book` that are in `state`, the one that came there last first."""
    found = [(row["at"], model_id) for model_id, row in now(connection, book).items() if row["state"] == state]
    return [model_id for _, model_id in sorted(found, reverse=True)]


def last_champion(connection: Connection, book: str) -> str | None:
    """Return the id of the model that was put in force last, whether it still is or not; None if none ever was."""
    row = connection.execute(
        "select model_id from training.model_states where book = %s and state = 'champion'"
        " order by sequence desc limit 1",
        (book,),
    ).fetchone()
    return None if row is None else row["model_id"]


def history(connection: Connection, book: str, model_id: str) -> list[dict[str, Any]]:
    """Return all rows of a model, the oldest first."""
    return connection.execute(
        "select state, who, why, evidence, at from training.model_states where book = %s and model_id = %s"
        " order by sequence",
        (book, model_id),
    ).fetchall()


def put(
    connection: Connection,
    book: str,
    model_id: str,
    state: str,
    who: str,
    why: str,
    at: datetime,
    evidence: dict[str, Any] | None = None,
) -> bool:
    """Put a model of `book` in `state`; False, and nothing written, when it is there already.

    A new champion retires the one before it, in the same transaction, and a new canary the canary.

    Raises:
        BadData: there is no such state.
    """
    if state not in STATES:
        raise BadData(f"{state} is no state of a model; there are {', '.join(STATES)}")
    connection.execute("select pg_advisory_xact_lock(%s)", (_LOCK,))
    standing = now(connection, book)
    if model_id in standing and standing[model_id]["state"] == state:
        return False
    if state in ("champion", "canary"):
        for other, row in standing.items():
            if row["state"] == state and other != model_id:
                _add(connection, book, other, "retired", who, f"{model_id[:12]} came in its place", at, {})
    _add(connection, book, model_id, state, who, why, at, evidence or {})
    return True


def _add(
    connection: Connection,
    book: str,
    model_id: str,
    state: str,
    who: str,
    why: str,
    at: datetime,
    evidence: dict[str, Any],
) -> None:
    connection.execute(
        "insert into training.model_states (book, model_id, state, who, why, evidence, at)"
        " values (%s, %s, %s, %s, %s, %s, %s)",
        (book, model_id, state, who, why, Jsonb(evidence), at),
    )
