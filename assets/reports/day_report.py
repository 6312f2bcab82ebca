"""What every report of a day shares: the part of it that the book has traded, its files, and the version it leaves."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import dagster as dg

from adapters.files import write_atomically
from adapters.store import portfolio, reports
from assets.resources import Desk
from trading.audit import digest, plain
from trading.performance import period
from trading.performance.period import Period

Told = dict[str, Any]
Text = Callable[[Mapping[str, Any]], str]


@dataclass(frozen=True)
class Form:
    """A kind of report: its table in schema reports, what its files are called before the day, its table and its page.

    `page` is given the document with its `document_hash`.
    """

    kind: str
    prefix: str
    table: Text
    page: Text


def nothing() -> dg.MaterializeResult:
    """Return what a day without trading leaves."""
    return dg.MaterializeResult(metadata={"dagster/row_count": 0, "why": "the book did not trade on this day"})


def span_of(at: Desk, day: str) -> Period | None:
    """Return the part of the UTC `day` that the book has traded by now, None for none."""
    with at.database.transaction() as connection:
        start = portfolio.frame(connection, at.book).start
    return period.day(datetime.fromisoformat(f"{day}T00:00:00+00:00"), start, at.timeframe, at.clock.now())


def keep(at: Desk, day: str, document: Mapping[str, Any], form: Form, **more: str) -> tuple[Told, Told]:
    """File the report of `day` as page, document and table, store its version; return it as plain JSON, and metadata.

    `more` are the texts of further files by their suffix. The same facts give the same bytes and no further version.
    """
    told: Told = plain(document)
    folder = at.settings.data_dir.resolve() / "reports" / at.book
    texts = {**more, "json": json.dumps(told, indent=1, sort_keys=True, ensure_ascii=False) + "\n"}
    texts |= {"csv": form.table(told), "html": form.page({**told, "document_hash": digest(told)})}
    for suffix, text in texts.items():
        write_atomically(folder / f"{form.prefix}{day}.{suffix}", text)
    path = str(folder / f"{form.prefix}{day}.html")
    with at.database.transaction() as connection:
        marks = (at.run_id, at.code_version)
        now, hashed = at.clock.now(), digest(told)
        new = reports.add(connection, at.book, date.fromisoformat(day), now, told, hashed, path, marks, form.kind)
    return told, {"new version": new, "document hash": hashed, "path": dg.MetadataValue.path(path)}
