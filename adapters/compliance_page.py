"""A compliance report as a page and as a table: one line for each thing that happened, with its evidence."""

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any

from adapters.page import Row, environment

#: So many rows of a kind are shown on the page; the table has them all.
SHOWN = 60
_COLUMNS = ("section", "at", "what", "about", "by", "reason", "evidence")


def page(document: Mapping[str, Any]) -> str:
    """Return the HTML page of a compliance report (plain JSON values) with its `document_hash`.

    The page is whole in itself: no script, no request to anywhere. Equal documents give equal bytes.
    """
    return environment("100").get_template("compliance_report.html").render(**document, shown=SHOWN)


def events_csv(document: Mapping[str, Any]) -> str:
    """Return one line for each refusal, gate, halt, restriction, override, screening, case and change of limits."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows(_lines(document))
    return written.getvalue()


def _lines(document: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    for r in document["refusals"]:
        yield "refusal", r["at"], r["rule"], r["symbol"], r["strategy"], r["reason"], f"decision:{r['evidence']}"
    for r in document["rejected_orders"]:
        yield "rejected", r["at"], "venue", r["symbol"], r["strategy"], r["reason"], r["evidence"]
    for r in document["gate_closures"]:
        state = f"opened {r['opened_at']}" if r["opened_at"] else "closed"
        yield "gate", r["at"], r["check_name"], r["symbol"], r["run_id"], r["detail"], state
    for r in document["halts"]:
        yield "halt", r["at"], _ended(r), r["symbol"] or "book", r["by"], r["reason"], f"halt:{r['halt_id']}"
    for r in document["restrictions"]:
        evidence = f"restriction:{r['restriction_id']}"
        yield "restriction", r["at"], _ended(r), r["subject"], r["by"], r["reason"], evidence
    for r in document["overrides"]:
        yield "override", r["at"], r["kind"], r["ref"], r["by"], r["reason"] or "", f"audit:{r['seq']}"
    for r in document["screenings"]:
        evidence = f"screening:{r['screening_id']}"
        yield "screening", r["at"], "hit" if r["hit"] else "clear", r["subject"], r["by"], r["kind"], evidence
    for r in document["cases"]:
        evidence = " ".join([f"case:{r['case_id']}", *r["evidence"]])
        yield "case", r["first_ts"], f"{r['rule']} {r['state']}", r["subject"], r["changed_by"], r["summary"], evidence
    for r in document["limit_changes"]:
        yield (
            "limits",
            r["at"],
            f"version {r['version']}",
            _changed(r),
            r["by"],
            r["reason"],
            f"change:{r['change_id']}",
        )


def _ended(row: Row) -> str:
    return "in force" if row["lifted_at"] is None else f"lifted {row['lifted_at']} by {row['lifted_by']}"


def _changed(row: Row) -> str:
    return " ".join(f"{name}={change['to']}" for name, change in row["changed"].items())
