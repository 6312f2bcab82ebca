"""Asset reports/attribution: where the profit of the day came from, cause by cause, tied to the ledger."""

from decimal import Decimal
from typing import Any

import dagster as dg

from adapters import attribution_page
from adapters.store import attribution as stored
from adapters.store.reproduce_attribution import queries
from assets.partitions import DAILY
from assets.reports import day_report
from assets.resources import Desk, DeskResource
from trading.performance import pnl_attribution
from trading.performance.period import Period
from trading.performance.pnl_parts import NAMES
from trading.reports.attribution import Day, document

_FORM = day_report.Form("attribution", "attribution-", attribution_page.fills_csv, attribution_page.page)


@dg.asset(
    key_prefix="reports",
    group_name="reports",
    kinds={"jinja", "postgres"},
    deps=[dg.AssetKey(["market", "candles"]), dg.AssetKey(["signals", "published_signals"])],
    partitions_def=DAILY,
)
def attribution(context: dg.AssetExecutionContext, desk: DeskResource) -> dg.MaterializeResult:
    """One document per book and UTC day: its profit as the exact sum of signal, sizing, timing, slippage, fee, funding.

    By strategy, symbol and regime, of the day and since the start; docs/reports.md says what each word means. Amounts
    in the book's quote currency. Files reports/<book>/attribution-<day>.html, .json and .csv (fills with their costs)
    below the data folder, the same bytes for the same facts. A day that does not tie to the ledger is not written.
    Sources: trading.ledger_entries, trading.fills, signals.strategy_signals, market.candles, forecasts.market_regimes.
    """
    day = context.partition_key
    with desk.open(context) as at:
        if (span := day_report.span_of(at, day)) is None:
            return day_report.nothing()
        told, kept = day_report.keep(at, day, document(_facts(at, day, span)), _FORM)
    return dg.MaterializeResult(metadata={**_numbers(told), **kept})


def _facts(at: Desk, day: str, span: Period) -> Day:
    with at.database.transaction() as connection:
        paid = stored.costs(connection, at.book, span.closes)
        history = stored.history(connection, at.book, at.venue, at.symbols, span, paid)
    found = pnl_attribution.attribution(history, span)
    asked = queries(at.book, at.venue, span)
    return Day(at.book, day, at.venue, history.quote, at.symbols, span, found, paid, asked, at.code_version)


def _numbers(told: dict[str, Any]) -> dict[str, Any]:
    parts = told["total"]["day"]
    rows = "\n".join(f"| {name} | {Decimal(parts[name]):,.2f} |" for name in (*NAMES, "total"))
    return {
        "dagster/row_count": 1,
        "profit": float(Decimal(parts["total"])),
        "largest residual": float(Decimal(told["proof"]["largest_residual"])),
        "fills": len(told["fills"]),
        "summary": dg.MetadataValue.md(f"| cause | {told['quote']} of the day |\n|---|--:|\n{rows}"),
    }
