"""Screenings: every question is kept with the version of the lists; a hit of a book's counterparty opens a case."""

from decimal import Decimal
from typing import Any

from psycopg.types.json import Jsonb

from adapters.store import audit, cases
from adapters.store.database import Connection
from trading.audit import plain
from trading.compliance.address import parse
from trading.compliance.case import Finding
from trading.compliance.screening import Lists, Verdict, clash

RULE = "screening"


def add(connection: Connection, verdict: Verdict, lists: Lists, actor: str, book: str | None) -> str | None:
    """Store `verdict`, with its row in the audit chain; return the case that a hit about a book's counterparty opens.

    From then on the book takes no new risk until a person closes the case; exits pass.
    """
    hits = plain(verdict.hits)
    row = connection.execute(
        "insert into ops.screenings (actor, book, subject, kind, checksum, lists_version, lists, threshold, hits, hit)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) returning screening_id, at",
        (
            actor,
            book,
            verdict.subject,
            verdict.kind,
            verdict.checksum,
            verdict.version,
            Jsonb(plain(lists.files)),
            verdict.threshold,
            Jsonb(hits),
            bool(hits),
        ),
    ).fetchone()
    assert row is not None  # noqa: S101
    case_id = None
    if hits and book is not None:
        listed = "|".join(sorted({f"{hit.listed}|{hit.entry}" for hit in verdict.hits}))
        said = f"{verdict.subject} is on a list: {clash(verdict.hits)}"
        evidence = (f"screening:{row['screening_id']}",)
        # Another spelling of an address is the same counterparty.
        known_as = parse(verdict.subject).key if verdict.kind == "address" else " ".join(verdict.subject.split())
        finding = Finding(RULE, known_as, listed, said[:500], evidence, row["at"], row["at"])
        case_id = finding.case_id(book)
        cases.open_(connection, book, finding, actor, blocking=True)
    about: dict[str, Any] = {"book": book, "subject": verdict.subject, "hit": bool(hits), "lists": verdict.version}
    audit.record(connection, row["at"], actor, "screened", str(row["screening_id"]), about)
    return case_id


def due(connection: Connection, book: str, venue: str, version: str, threshold: Decimal) -> list[str]:
    """Return the counterparties of `book` that were not yet screened against this version of the lists.

    They are its venue and all that was ever screened for it.
    """
    rows = connection.execute(
        "select distinct known.subject from (select %(venue)s::text as subject union all"
        "  select subject from ops.screenings where book = %(book)s) as known"
        " where not exists (select 1 from ops.screenings as s where s.book = %(book)s and s.subject = known.subject"
        "  and s.lists_version = %(version)s and s.threshold = %(threshold)s) order by known.subject",
        {"book": book, "venue": venue, "version": version, "threshold": threshold},
    )
    return [row["subject"] for row in rows]
