"""What a compliance officer asks about a period of a book, in SQL, with the same questions filled in for anyone."""

from datetime import datetime
from itertools import takewhile
from typing import Any, LiteralString

from adapters.store import audit_chain
from adapters.store.anchors import Anchor
from adapters.store.audit_chain import Checked
from adapters.store.database import Connection
from adapters.store.spelled import spelled
from trading.compliance.refusals import CODES

Rows = list[dict[str, Any]]


def happenings(connection: Connection, span: dict[str, Any]) -> dict[str, Rows]:
    """Return what happened, by question.

    `span` has book; after and until: what the market's clock stamps lies in (after, until]; people_after and
    people_until: the same for what the clock of the server stamps, for people act by that.
    """
    asked = {**span, "refused": f"^({'|'.join(CODES)}):"}
    return {name: connection.execute(query, asked).fetchall() for name, (_, query) in _QUESTIONS.items()}


def queries(span: dict[str, Any]) -> dict[str, str]:
    """Return the SQL of `happenings` by what it answers, filled in."""
    asked = {**span, "refused": f"^({'|'.join(CODES)}):"}
    return {title: spelled(query, asked) for title, query in _QUESTIONS.values()}


def chain(connection: Connection, until: datetime, anchors: list[Anchor]) -> tuple[Checked, int]:
    """Return what the audit chain proves up to its last row of `until` or before, and the number of that row.

    Every hash up to it is made again; of `anchors` those count that lie before it.
    """
    row = connection.execute(
        "select coalesce(max(seq), 0) as last from ops.audit_events where at <= %s", (until,)
    ).fetchone()
    assert row is not None  # noqa: S101
    last: int = row["last"]
    events = takewhile(lambda event: event.seq <= last, audit_chain.read(connection))
    return audit_chain.verify(events, [anchor for anchor in anchors if anchor.seq <= last]), last


_QUESTIONS: dict[str, tuple[str, LiteralString]] = {
    "decisions": (
        "decisions that were refused new risk",
        "select d.decided_at as at, d.strategy, d.symbol, d.verdict, d.reason, d.limits_version,"
        " d.signal_id || ':' || d.decision_no as evidence from trading.risk_decisions as d"
        " where d.book = %(book)s and d.decided_at > %(after)s and d.decided_at <= %(until)s and (d.verdict = 'DENIED'"
        "  or d.reason ~ %(refused)s or d.reason like '%%gate_closed:%%') order by 1, 2, 3, 7",
    ),
    "refused_signals": (
        "signals that were not taken over",
        "select i.received_at as at, i.body ->> 'strategy' as strategy, i.body ->> 'symbol' as symbol,"
        " i.status as verdict, i.reason, i.signal_id as evidence from trading.inbox as i where i.book = %(book)s"
        " and i.status <> 'ACCEPTED' and i.received_at > %(after)s and i.received_at <= %(until)s order by 1, 6",
    ),
    "rejected_orders": (
        "orders that the venue refused",
        "select o.updated_at as at, o.strategy, o.symbol, concat_ws(' ', o.outcome_code, o.outcome_detail) as reason,"
        " o.client_id as evidence from trading.orders as o where o.book = %(book)s and o.state = 'REJECTED'"
        " and o.updated_at > %(after)s and o.updated_at <= %(until)s order by 1, 5",
    ),
    "gate_closures": (
        "gates that closed in the period, or were closed at its end",
        "select g.closed_at as at, g.symbol, g.check_name, g.detail, g.run_id,"
        " case when g.opened_at <= case when g.run_id = 'compliance' then %(people_until)s::timestamptz"
        "  else %(until)s::timestamptz end then g.opened_at end as opened_at"
        " from analytics.gate_closures as g cross join lateral (select"
        "  case g.run_id when 'compliance' then %(people_after)s::timestamptz else %(after)s::timestamptz end as since,"
        "  case g.run_id when 'compliance' then %(people_until)s::timestamptz else %(until)s::timestamptz end as till"
        " ) as span where g.book = %(book)s and g.closed_at <= span.till"
        " and (g.closed_at > span.since or g.opened_at is null or g.opened_at > span.since) order by 1, 2, 3",
    ),
    "halts": (
        "halts that began, ended or were in force",
        "select h.at, h.halt_id, h.symbol, h.actor as by, h.reason, h.enforced_at, h.lifted_at, h.lifted_by,"
        " h.lifted_reason from trading.halts as h where h.book = %(book)s and h.at <= %(people_until)s"
        " and (h.lifted_at is null or h.lifted_at > %(people_after)s) order by 1, 2",
    ),
    "restrictions": (
        "restrictions in force on what the book trades",
        "select r.placed_at as at, r.restriction_id, r.subject, r.owner as by, r.reason, r.expires_at, r.lifted_at,"
        " r.lifted_by, r.lifted_reason from analytics.restrictions as r where r.placed_at <= %(people_until)s"
        " and (r.lifted_at is null or r.lifted_at > %(people_after)s)"
        " and (r.expires_at is null or r.expires_at > %(people_after)s) and exists ("
        "  select 1 from analytics.books as b cross join unnest(b.symbols) as s (symbol) where b.book = %(book)s"
        "  and (s.symbol = r.subject or r.subject = any(string_to_array(translate(s.symbol, ':', '/'), '/'))))"
        " order by 1, 2",
    ),
    "overrides": (
        "what people allowed, took back or decided by hand",
        "select e.at, e.actor as by, e.kind, e.ref, e.payload ->> 'reason' as reason, e.seq from ops.audit_events as e"
        " where e.kind in ('resumed', 'adjusted', 'restriction_lifted', 'case_closed', 'dead_letter_replayed',"
        "  'hold_released') and coalesce(e.payload ->> 'book', %(book)s) = %(book)s and e.at > %(people_after)s"
        " and e.at <= %(people_until)s order by e.seq",
    ),
    "screenings": (
        "counterparties that were screened",
        "select s.at, s.screening_id, s.actor as by, s.subject, s.kind, s.checksum, s.hit, s.hits, s.threshold,"
        " s.lists_version from analytics.screenings as s where s.book = %(book)s and s.at > %(people_after)s"
        " and s.at <= %(people_until)s order by s.screening_id",
    ),
    "cases": (
        "cases that were opened or changed in the period, or are open",
        "select c.opened_at as at, c.case_id, c.rule, c.subject, c.summary, c.evidence, c.first_ts, c.last_ts,"
        " c.blocking, c.state, c.changed_by, c.changed_why, c.changed_at from analytics.compliance_cases as c"
        " where c.book = %(book)s and ((c.first_ts > %(after)s and c.first_ts <= %(until)s) or c.state <> 'CLOSED'"
        "  or (c.changed_at > %(people_after)s and c.changed_at <= %(people_until)s))"
        " order by c.first_ts, c.rule, c.case_id",
    ),
    "limit_changes": (
        "changes of limits",
        "select c.proposed_at as at, c.change_id, c.version, c.owner as by, c.reason, c.looser, c.valid_until,"
        " case when c.approved_at <= %(people_until)s then c.approved_by end as approved_by,"
        " l.parameters, b.parameters as before from analytics.limit_changes as c"
        " inner join trading.limits as l on c.version = l.version left join trading.limits as b on c.base = b.version"
        " where c.proposed_at <= %(people_until)s order by c.change_id",
    ),
}
