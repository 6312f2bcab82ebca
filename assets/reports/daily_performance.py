"""Asset reports/daily_performance: the day told to an investor and to an operator, with its proof."""

from decimal import Decimal
from typing import Any

import dagster as dg

from adapters import render
from adapters.store import portfolio, reports
from adapters.store.reproduce import queries
from assets.partitions import DAILY
from assets.reports import day_report
from assets.resources import Desk, DeskResource
from trading.performance.period import Period
from trading.reports.daily_performance import Day, document

_FORM = day_report.Form("daily_performance", "", render.fills_csv, render.daily_performance)


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
    day = context.partition_key
    with desk.open(context) as at:
        if (span := day_report.span_of(at, day)) is None:
            return day_report.nothing()
        told, kept = day_report.keep(at, day, document(_facts(at, day, span)), _FORM)
    return dg.MaterializeResult(metadata={**_numbers(told), **kept})


def _facts(at: Desk, day: str, span: Period) -> Day:
    timeframe = str(at.timeframe)
    with at.database.transaction() as connection:
        quote = portfolio.frame(connection, at.book).quote
        return Day(
            at.book,
            day,
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
