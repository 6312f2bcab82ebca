"""The regulatory report as a plain document: the rows of the form, and the proof that they are all that was traded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from trading.audit import digest
from trading.compliance.regulatory import FieldMap, Total, Transaction, rows, tie, totals


@dataclass(frozen=True)
class Facts:
    """All that the report is made from: executions in (after, until], and what the database sums up of them."""

    book: str
    day: str
    venue: str
    after: datetime
    until: datetime
    complete: bool
    form: FieldMap
    transactions: Sequence[Transaction]
    booked: Sequence[Total]
    queries: Mapping[str, str]
    code_version: str


def document(facts: Facts, schema_hash: str) -> dict[str, Any]:
    """Return the report as plain values (times UTC, amounts exact), the same for the same facts.

    Raises:
        BadData: a field cannot be filled, or the totals differ from the books; row, field or symbol are named.
    """
    told, sums = rows(facts.transactions, facts.form), totals(facts.transactions)
    tie(sums, facts.booked)
    return {
        "book": facts.book,
        "day": facts.day,
        "venue": facts.venue,
        "period": {"after": facts.after, "until": facts.until, "complete": facts.complete},
        "form": {
            "title": facts.form.title,
            "reporter": facts.form.reporter,
            "fields": [one.name for one in facts.form.field],
            "hash": digest(facts.form.model_dump()),
            "schema_hash": schema_hash,
        },
        "foreign": sum(one.origin == "FOREIGN" for one in facts.transactions),
        "totals": [vars(one) for one in sums],
        "rows": told,
        "queries": dict(facts.queries),
        "code_version": facts.code_version,
    }
