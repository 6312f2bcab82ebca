"""Asset reports/trade_journal: every round trip of the day with all that was known when it was begun and ended."""

import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import dagster as dg

from adapters import journal_page
from adapters.files import write_atomically
from adapters.store import portfolio, reports
from adapters.store import trade_journal as stored
from adapters.store.database import Connection
from adapters.store.reproduce_journal import queries
from assets.partitions import DAILY
from assets.resources import Desk, DeskResource
from trading.audit import canonical, digest
from trading.money import ZERO
from trading.performance import period
from trading.performance.closes import known_at
from trading.performance.equity import equity_curve
from trading.performance.period import Period
from trading.performance.trade_journal import Entry, entries, excursion
from trading.reports.trade_journal import Day, Told, document, within
from trading.strategies.registry import STRATEGIES
from trading.strategies.registry import parameters as read_parameters


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
            new = reports.add(connection, at.book, day, now, told, digest(told), path, marks, "trade_journal")
    return dg.MaterializeResult(metadata={**_numbers(told), "new version": new, "path": dg.MetadataValue.path(path)})


def _facts(at: Desk, day: date, span: Period) -> Day:
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
        str(day),
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


def _file(at: Desk, day: date, told: dict[str, Any]) -> str:
    """Write page, document and table of the day; return the absolute path of the page."""
    folder, name = at.settings.data_dir.resolve() / "reports" / at.book, f"trade-journal-{day}"
    page = folder / f"{name}.html"
    write_atomically(folder / f"{name}.json", json.dumps(told, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
    write_atomically(folder / f"{name}.csv", journal_page.entries_csv(told))
    write_atomically(page, journal_page.page({**told, "document_hash": digest(told)}))
    return str(page)


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
