"""Asset reports/risk_report: what the positions held now could lose, and on what each number rests."""

from decimal import Decimal
from typing import Any

import dagster as dg

from adapters import risk_page
from adapters.store import parameters, portfolio, risk
from adapters.store.database import Connection
from assets.partitions import DAILY
from assets.reports import day_report
from assets.resources import Desk, DeskResource
from trading.performance.period import Period
from trading.reports.risk_report import Facts, document

_FORM = day_report.Form("risk_report", "risk-", risk_page.figures_csv, risk_page.page)


@dg.asset(
    key_prefix="reports",
    group_name="reports",
    kinds={"jinja", "postgres"},
    deps=[
        dg.AssetKey(["market", "candles"]),
        dg.AssetKey(["portfolio", "equity_curve"]),
        dg.AssetKey(["portfolio", "positions"]),
    ],
    partitions_def=DAILY,
)
def risk_report(context: dg.AssetExecutionContext, desk: DeskResource) -> dg.MaterializeResult:
    """One document per book and UTC day: value at risk and shortfall, stress, concentration, liquidity, limits.

    Profits in the book's quote currency, below 0 for a loss; ratios as fractions; None with a reason where the history
    is too short to say. Files reports/<book>/risk-<day>.html, .json and .csv (one figure a line) below the data folder,
    the same bytes for the same facts. Sources: trading.ledger_entries, market.candles, market.order_books,
    portfolio.equity_curve, trading.limits, trading.equity_peaks, trading.orders; the hash of each is in the document.
    """
    day = context.partition_key
    with desk.open(context) as at:
        if (span := day_report.span_of(at, day)) is None:
            return day_report.nothing()
        with at.database.transaction() as connection:
            facts = _facts(at, connection, day, span)
        told, kept = day_report.keep(at, day, document(facts), _FORM)
    return dg.MaterializeResult(metadata={**_numbers(told), **kept})


def _facts(at: Desk, connection: Connection, day: str, span: Period) -> Facts:
    timeframe = str(at.timeframe)
    markets = risk.Markets(at.venue, at.symbols, at.timeframe, span.closes)
    version, limits = parameters.limits(connection)
    return Facts(
        at.book,
        day,
        at.venue,
        portfolio.frame(connection, at.book).quote,
        at.symbols,
        span,
        span.whole_day,
        portfolio.movements(connection, at.book, span.closes),
        portfolio.closes(connection, at.venue, at.symbols, timeframe, span.opens, span.closes),
        portfolio.curve(connection, at.book, span.closes),
        risk.day_closes(connection, markets),
        risk.daily_volumes(connection, markets),
        risk.books(connection, markets),
        version,
        limits,
        risk.peaks(connection, at.book, span.closes),
        risk.largest_order(connection, at.book, span),
        not at.venue.startswith("random-"),
        risk.queries(at.book, markets, span),
        at.code_version,
    )


def _numbers(told: dict[str, Any]) -> dict[str, Any]:
    headline, exposure, drawdown = told["headline"], told["exposure"], told["drawdown"]
    known = {
        "equity": headline["equity"],
        "value at risk, 95 %": headline["value_at_risk_95"],
        "shortfall, 95 %": headline["expected_shortfall_95"],
        "value at risk, 99 %": headline["value_at_risk_99"],
        "gross exposure": exposure["gross_pct"],
        "drawdown": drawdown["now"],
    }
    return {
        "dagster/row_count": 1,
        **{name: "not known" if value is None else float(Decimal(value)) for name, value in known.items()},
        "days of history": told["history"]["used"],
        "near limits": ", ".join(headline["near_limits"]) or "none",
    }
