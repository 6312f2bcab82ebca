"""Asset reports/attribution: where the profit of the day came from, cause by cause, tied to the ledger."""

import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import dagster as dg

from adapters import attribution_page
from adapters.files import write_atomically
from adapters.store import attribution as stored
from adapters.store import portfolio, reports
from adapters.store.reproduce_attribution import queries
from assets.partitions import DAILY
from assets.resources import Desk, DeskResource
from trading.audit import canonical, digest
from trading.performance import period, pnl_attribution
from trading.performance.period import Period
from trading.performance.pnl_parts import NAMES
from trading.reports.attribution import Day, document


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
    day = date.fromisoformat(context.partition_key)
    with desk.open(context) as at:
        now = at.clock.now()
        with at.database.transaction() as connection:
            start = portfolio.frame(connection, at.book).start
        span = period.day(datetime.fromisoformat(f"{day}T00:00:00+00:00"), start, at.timeframe, now)
        if span is None:
            return dg.MaterializeResult(metadata={"dagster/row_count": 0, "why": "the book did not trade on this day"})
        told: dict[str, Any] = json.loads(canonical(document(_facts(at, day, span))))
        path = _file(at, day, told)
        with at.database.transaction() as connection:
            marks = (at.run_id, at.code_version)
            new = reports.add(connection, at.book, day, now, told, digest(told), path, marks, "attribution")
    return dg.MaterializeResult(metadata={**_numbers(told), "new version": new, "path": dg.MetadataValue.path(path)})


def _facts(at: Desk, day: date, span: Period) -> Day:
    with at.database.transaction() as connection:
        paid = stored.costs(connection, at.book, span.closes)
        history = stored.history(connection, at.book, at.venue, at.symbols, span, paid)
    found = pnl_attribution.attribution(history, span)
    asked = queries(at.book, at.venue, span)
    return Day(
        at.book, str(day), at.venue, history.quote, at.symbols, span, found, paid, asked, at.code_version
    )  # fmt: skip


def _file(at: Desk, day: date, told: dict[str, Any]) -> str:
    """Write page, document and fills of the day; return the absolute path of the page."""
    name = at.settings.data_dir.resolve() / "reports" / at.book / f"attribution-{day}"
    page = name.with_name(f"{name.name}.html")
    text = json.dumps(told, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    write_atomically(name.with_name(f"{name.name}.json"), text)
    write_atomically(name.with_name(f"{name.name}.csv"), attribution_page.fills_csv(told))
    write_atomically(page, attribution_page.page({**told, "document_hash": digest(told)}))
    return str(page)


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
