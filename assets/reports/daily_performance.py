"""Asset reports/daily_performance: the day told to an investor and to an operator, with its proof."""

import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import dagster as dg

from adapters import render
from adapters.files import write_atomically
from adapters.store import portfolio, reports
from adapters.store.reproduce import queries
from assets.partitions import DAILY
from assets.resources import Desk, DeskResource
from trading.audit import canonical, digest
from trading.performance import period
from trading.performance.period import Period
from trading.reports.daily_performance import Day, document


@dg.asset(
    key_prefix="reports",
    group_name="reports",
    kinds={"jinja", "postgres"},
    deps=[
        dg.AssetKey(["portfolio", "equity_curve"]),
        dg.AssetKey(["portfolio", "positions"]),
        dg.AssetKey(["signals", "published_signals"]),
    ],
    partitions_def=DAILY,
)
def daily_performance(context: dg.AssetExecutionContext, desk: DeskResource) -> dg.MaterializeResult:
    """One document per book and UTC day: profit, risk, every order with its reason, models, data quality, proof.

    Amounts in the book's quote currency, ratios as fractions. Also as files reports/<book>/<day>.html, .json and .csv
    (fills) below the data folder, the same bytes for the same facts. Sources: trading.ledger_entries, market.candles,
    portfolio.equity_curve, trading.orders, signals.strategy_signals, ops.gates, training.
    """
    day = date.fromisoformat(context.partition_key)
    with desk.open(context) as at:
        now = at.clock.now()
        with at.database.transaction() as connection:
            start = portfolio.frame(connection, at.book).start
        first_moment = datetime.fromisoformat(f"{day}T00:00:00+00:00")
        span = period.day(first_moment, start, at.timeframe, now)
        if span is None:
            return dg.MaterializeResult(metadata={"dagster/row_count": 0, "why": "the book did not trade on this day"})
        told: dict[str, Any] = json.loads(canonical(document(_facts(at, day, span))))
        path = _file(at, day, told)
        with at.database.transaction() as connection:
            marks = (at.run_id, at.code_version)
            new = reports.add(connection, at.book, day, now, told, digest(told), path, marks)
    return dg.MaterializeResult(metadata={**_numbers(told), "new version": new, "path": dg.MetadataValue.path(path)})


def _facts(at: Desk, day: date, span: Period) -> Day:
    timeframe = str(at.timeframe)
    with at.database.transaction() as connection:
        quote = portfolio.frame(connection, at.book).quote
        return Day(
            at.book,
            str(day),
            at.venue,
            quote,
            at.symbols,
            span,
            span.whole_day,
            portfolio.movements(connection, at.book, span.closes),
            portfolio.closes(connection, at.venue, at.symbols, timeframe, span.opens, span.closes),
            portfolio.curve(connection, at.book, span.closes),
            reports.happenings(connection, at.book, span.after, span.closes),
            reports.quality(connection, at.book, at.venue, timeframe, span.after, span.closes),
            reports.proof(connection, at.book, span.closes),
            queries(at.book, at.venue, span),
            at.code_version,
            portfolio.closes(connection, at.venue, at.symbols, timeframe, span.start, span.start),
        )


def _file(at: Desk, day: date, told: dict[str, Any]) -> str:
    """Write page, document and fills of the day; return the absolute path of the page."""
    folder = at.settings.data_dir.resolve() / "reports" / at.book
    page = folder / f"{day}.html"
    write_atomically(folder / f"{day}.json", json.dumps(told, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
    write_atomically(folder / f"{day}.csv", render.fills_csv(told))
    write_atomically(page, render.daily_performance({**told, "document_hash": digest(told)}))
    return str(page)


def _numbers(told: dict[str, Any]) -> dict[str, Any]:
    headline = told["headline"]
    amounts = {name: headline[name] for name in ("equity", "pnl", "pnl_since_start", "fees", "drawdown", "exposure")}
    shares = "\n".join(
        f"| {row['name']} | {_short(row['closing'])} | {_short(row['pnl'])} | {_short(row['fees'])} |"
        for row in [*told["strategies"], {**told["total"], "name": "**the book**"}]
    )
    table = f"| strategy | equity {told['quote']} | profit of the day | fees of the day |\n|---|--:|--:|--:|\n{shares}"
    return {
        "dagster/row_count": 1,
        **{name.replace("_", " "): float(Decimal(value or 0)) for name, value in amounts.items()},
        **{name: headline[name] for name in ("orders", "fills", "denied", "rejected")},
        "ledger imbalance": float(Decimal(told["ledger"]["imbalance"])),
        "summary": dg.MetadataValue.md(table),
    }


def _short(value: str) -> str:
    return f"{Decimal(value):,.2f}"
