"""Asset reports/regulatory_report: the transactions of a day in a form that the user maps, checked by its schema."""

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import dagster as dg

from adapters import regulatory_page
from adapters.compliance.transaction_report import read_form, table, xml
from adapters.files import write_atomically
from adapters.store import portfolio, reports, transactions
from assets.partitions import DAILY
from assets.resources import Desk, DeskResource
from trading.audit import canonical, digest
from trading.compliance.regulatory import FieldMap
from trading.performance import period
from trading.performance.period import Period
from trading.reports.regulatory_report import Facts, document


@dg.asset(
    key_prefix="reports",
    group_name="reports",
    kinds={"xml", "postgres"},
    deps=[dg.AssetKey(["market", "candles"]), dg.AssetKey(["signals", "published_signals"])],
    partitions_def=DAILY,
)
def regulatory_report(context: dg.AssetExecutionContext, desk: DeskResource) -> dg.MaterializeResult:
    """The transactions of a book and UTC day in the fields of a form (TRADEWIND_FIELD_MAP): own records, no filing.

    Amounts exact in the currencies that the fields name, times UTC. Files reports/<book>/regulatory-<day>.xml, .csv
    (the same rows), .json and .html below the data folder; none is written where the schema refuses the report or
    its totals differ from the books. Sources: trading.fills, trading.foreign_trades, trading.orders,
    trading.risk_decisions, signals.strategy_signals.
    """
    day = date.fromisoformat(context.partition_key)
    with desk.open(context) as at:
        now, (form, schema) = at.clock.now(), read_form(at.settings.field_map)
        with at.database.transaction() as connection:
            start = portfolio.frame(connection, at.book).start
        span = period.day(datetime.fromisoformat(f"{day}T00:00:00+00:00"), start, at.timeframe, now)
        if span is None:
            return dg.MaterializeResult(metadata={"dagster/row_count": 0, "why": "the book did not trade on this day"})
        facts = _facts(at, day, span, form)
        told: dict[str, Any] = json.loads(canonical(document(facts, digest(schema))))
        path = _file(at, told, form, schema)
        with at.database.transaction() as connection:
            marks = (at.run_id, at.code_version)
            reports.add(connection, at.book, day, now, told, digest(told), str(path), marks, "regulatory_report")
    numbers = {"dagster/row_count": len(told["rows"]), "document hash": digest(told)}
    return dg.MaterializeResult(metadata={**numbers, "path": dg.MetadataValue.path(path)})


def _facts(at: Desk, day: date, span: Period, form: FieldMap) -> Facts:
    with at.database.transaction() as connection:
        return Facts(
            at.book,
            str(day),
            at.venue,
            span.after,
            span.closes,
            span.whole_day,
            form,
            transactions.load(connection, at.book, span.after, span.closes),
            transactions.totals(connection, at.book, span.after, span.closes),
            transactions.queries(at.book, span.after, span.closes),
            at.code_version,
        )


def _file(at: Desk, told: dict[str, Any], form: FieldMap, schema: str) -> Path:
    """Write the files of the day, once the schema has accepted the report; return the absolute path of the XML."""
    accepted = xml(told["rows"], form, schema, told["book"], told["day"])
    folder = at.settings.data_dir.resolve() / "reports" / at.book
    name = f"regulatory-{told['day']}"
    write_atomically(folder / f"{name}.xml", accepted)
    write_atomically(folder / f"{name}.csv", table(told["rows"], form))
    write_atomically(folder / f"{name}.json", json.dumps(told, indent=1, ensure_ascii=False) + "\n")
    write_atomically(folder / f"{name}.html", regulatory_page.page({**told, "document_hash": digest(told)}))
    return folder / f"{name}.xml"
