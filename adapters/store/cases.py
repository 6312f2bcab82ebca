"""Compliance cases: opened once for the same finding, reviewed and closed by people; nothing of them ever changes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from adapters.store import audit
from adapters.store.database import Connection
from trading.compliance.case import CaseState, Finding, check_step
from trading.errors import Misconfigured


@dataclass(frozen=True)
class Case:
    """A case as it stands; `evidence` names orders, trades, screenings and journals."""

    case_id: str
    book: str
    rule: str
    subject: str
    summary: str
    evidence: list[str]
    first_ts: datetime
    last_ts: datetime
    blocking: bool
    state: str
    opened_at: datetime
    changed_by: str
    changed_why: str
    changed_at: datetime


@dataclass(frozen=True)
class Step:
    """A state that a case came into: by whom, why and when."""

    state: str
    actor: str
    reason: str
    at: datetime


def open_(connection: Connection, book: str, finding: Finding, actor: str, *, blocking: bool = False) -> bool:
    """Open the case of `finding`, with its row in the audit chain; False when it is known, whatever became of it."""
    case_id = finding.case_id(book)
    row = connection.execute(
        "insert into ops.compliance_cases (case_id, book, rule, subject, summary, evidence, first_ts, last_ts,"
        " blocking) values (%s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing returning opened_at",
        (
            case_id,
            book,
            finding.rule,
            finding.subject,
            finding.summary,
            Jsonb(list(finding.evidence)),
            finding.first,
            finding.last,
            blocking,
        ),
    ).fetchone()
    if row is None:
        return False
    _step(connection, case_id, CaseState.OPEN, actor, "found", row["opened_at"])
    about = {"book": book, "rule": finding.rule, "subject": finding.subject, "summary": finding.summary}
    audit.record(connection, row["opened_at"], actor, "case_opened", case_id, about)
    return True


def move(connection: Connection, case_id: str, state: CaseState, actor: str, reason: str) -> None:
    """Bring a case into `state`, with its row in the audit chain.

    Raises:
        Misconfigured: there is no such case, or it cannot come into this state any more.
    """
    connection.execute("select 1 from ops.compliance_cases where case_id = %s for update", (case_id,))
    case = get(connection, case_id)
    check_step(case_id, CaseState(case.state), state)
    row = connection.execute("select clock_timestamp() as at").fetchone()
    assert row is not None  # noqa: S101
    _step(connection, case_id, state, actor, reason, row["at"])
    about = {"book": case.book, "rule": case.rule, "reason": reason, "blocking": case.blocking}
    audit.record(connection, row["at"], actor, f"case_{state.value.lower()}", case_id, about)


def find(connection: Connection, book: str | None = None, *, all_: bool = False, limit: int = 1000) -> list[Case]:
    """Return the cases that are not closed, with `all_` the others too: the newest `limit`, oldest first."""
    rows = connection.execute(
        "select * from analytics.compliance_cases where (%(book)s::text is null or book = %(book)s)"
        " and (%(all)s or state <> 'CLOSED') order by opened_at desc, case_id limit %(limit)s",
        {"book": book, "all": all_, "limit": limit},
    ).fetchall()
    return [Case(**row) for row in reversed(rows)]


def get(connection: Connection, case_id: str) -> Case:
    """Return one case; Misconfigured when there is none."""
    row = connection.execute("select * from analytics.compliance_cases where case_id = %s", (case_id,)).fetchone()
    if row is None:
        raise Misconfigured(f"there is no case {case_id}; `tradewind cases list --all` lists them")
    return Case(**row)


def history(connection: Connection, case_id: str) -> list[Step]:
    """Return the states of a case in order."""
    rows = connection.execute(
        "select state, actor, reason, at from ops.compliance_case_events where case_id = %s order by event_id",
        (case_id,),
    )
    return [Step(**row) for row in rows]


def _step(connection: Connection, case_id: str, state: CaseState, actor: str, reason: str, at: datetime) -> None:
    values: tuple[Any, ...] = (case_id, state, actor, reason, at)
    connection.execute(
        "insert into ops.compliance_case_events (case_id, state, actor, reason, at) values (%s, %s, %s, %s, %s)", values
    )
