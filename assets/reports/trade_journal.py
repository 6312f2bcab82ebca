"""Asset reports/trade_journal: every round trip of the day with all that was known when it was begun and ended."""

from decimal import Decimal
from typing import Any

import dagster as dg

from adapters import journal_page
from adapters.store import portfolio
from adapters.store import trade_journal as stored
from adapters.store.database import Connection
from adapters.store.reproduce_journal import queries
from assets.partitions import DAILY
from assets.reports import day_report
from assets.resources import Desk, DeskResource
from trading.money import ZERO
from trading.performance.closes import known_at
from trading.performance.equity import equity_curve
from trading.performance.period import Period
from trading.performance.trade_journal import Entry, entries, excursion
from trading.reports.trade_journal import Day, Told, document, within
from trading.strategies.registry import STRATEGIES
from trading.strategies.registry import parameters as read_parameters

_FORM = day_report.Form("trade_journal", "trade-journal-", journal_page.entries_csv, journal_page.page)


@dg.asset(
    key_prefix="reports",
    group_name="reports",
    kinds={"jinja", "postgres"},
    deps=[dg.AssetKey(["market", "candles"]), dg.AssetKey(["signals", "published_signals"])],
    partitions_def=DAILY,
)
def trade_journal(context: dg.AssetExecutionContext, desk: DeskResource) -> dg.MaterializeResult:
    """One document per book and UTC day: what was closed on it and what is held at its end, one entry per round trip.

    Each with prices, fees, profit, how far it went against us and for us, signal, forecast, model, regime, features,
    decision and the notes of people. Amounts in the book's quote currency, ratios as fractions. Files
    reports/<book>/trade-journal-<day>.html, .json and .csv below the data folder, the same bytes for the same facts.
    All of it, of all days, is in SQL as analytics.trade_journal. Sources: trading.ledger_entries, trading.orders,
    trading.risk_decisions, signals.strategy_signals, features, forecasts, market.candles, ops.trade_notes.
    """
    day = context.partition_key
    with desk.open(context) as at:
        if (span := day_report.span_of(at, day)) is None:
            return day_report.nothing()
        told, kept = day_report.keep(at, day, document(_facts(at, day, span)), _FORM)
    return dg.MaterializeResult(metadata={**_numbers(told), **kept})


def _facts(at: Desk, day: str, span: Period) -> Day:
    with at.database.transaction() as connection:
        quote = portfolio.frame(connection, at.book).quote
        moved = portfolio.movements(connection, at.book, span.closes)
        closes = portfolio.closes(connection, at.venue, at.symbols, str(at.timeframe), span.closes, span.closes)
        (prices,) = known_at(closes, [span.closes])
        (worth,) = equity_curve(moved, closes, [span.closes], span.start)
        past, shown = within(entries(moved, prices), span.after)
        told = _told(connection, at, span, shown)
    asked = queries(at.book, span)
    return Day(
        at.book,
        day,
        at.venue,
        quote,
        at.symbols,
        span,
        worth.equity,
        told,
        past,
        asked,
        at.code_version,
    )


def _told(connection: Connection, at: Desk, span: Period, shown: list[Entry]) -> list[Told]:
    """Return `shown` with all that the store knows about them, read once for all."""
    orders = sorted({order for one in shown for order in (one.entry_order, one.exit_order) if order})
    reasons = stored.reasons(connection, orders)
    spans = [(one.symbol, one.opened, one.closed or span.closes) for one in shown]
    ranges = stored.ranges(connection, at.venue, str(at.timeframe), spans)
    versions = {row["strategy_version"] for row in reasons.values() if row["strategy_version"] is not None}
    values = stored.parameters(connection, sorted(versions))
    notes = stored.notes(connection, at.book)
    return [
        Told(
            entry,
            excursion(entry, low, high),
            (opening := reasons.get(entry.entry_order, {})),
            reasons.get(entry.exit_order or "", {}),
            _read(entry.strategy, values.get(opening.get("strategy_version", -1))),
            [note for note in notes if note["client_id"] in (*entry.entry_orders, entry.exit_order)],
        )
        for entry, (low, high) in zip(shown, ranges, strict=True)
    ]


def _read(strategy: str, values: dict[str, Any] | None) -> tuple[str, ...]:
    """Return the names of what the strategy read with these parameters; nothing where they are not stored."""
    if values is None or strategy not in STRATEGIES:
        return ()
    return tuple(STRATEGIES[strategy].columns(read_parameters(strategy, values)))


def _numbers(told: dict[str, Any]) -> dict[str, Any]:
    headline = told["headline"]["day"]
    return {
        "dagster/row_count": len(told["closed"]) + len(told["open"]),
        "closed": headline["entries"],
        "held": sum(not row["remainder"] for row in told["open"]),
        "profit of what was closed": float(Decimal(headline["pnl"] or ZERO)),
        "fees": float(Decimal(headline["fees"] or ZERO)),
        "notes": sum(len(row["notes"]) for row in (*told["closed"], *told["open"])),
    }
