"""Asset reports/regulatory_report: the transactions of a day in a form that the user maps, checked by its schema."""

import dagster as dg

from adapters.compliance.transaction_report import read_form, table, xml
from adapters.regulatory_page import page
from adapters.store import transactions
from assets.partitions import DAILY
from assets.reports import day_report
from assets.resources import Desk, DeskResource
from trading.audit import digest, plain
from trading.compliance.regulatory import FieldMap
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
    day = context.partition_key
    with desk.open(context) as at:
        form, schema = read_form(at.settings.field_map)
        if (span := day_report.span_of(at, day)) is None:
            return day_report.nothing()
        told = plain(document(_facts(at, day, span, form), digest(schema)))
        accepted = xml(told["rows"], form, schema, at.book, day)
        filed = day_report.Form("regulatory_report", "regulatory-", lambda one: table(one["rows"], form), page)
        _, kept = day_report.keep(at, day, told, filed, xml=accepted)
    return dg.MaterializeResult(metadata={"dagster/row_count": len(told["rows"]), **kept})


def _facts(at: Desk, day: str, span: Period, form: FieldMap) -> Facts:
    with at.database.transaction() as connection:
        return Facts(
            at.book,
            day,
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
