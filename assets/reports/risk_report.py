"""Asset reports/risk_report: what the positions held now could lose, and on what each number rests."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import dagster as dg

from adapters import risk_page
from adapters.store import parameters, portfolio, reports, risk
from adapters.store.database import Connection
from assets.partitions import DAILY
from assets.resources import Desk, DeskResource
from trading.audit import plain
from trading.performance import period
from trading.performance.period import Period
from trading.reports.risk_report import Facts, document


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
    day = date.fromisoformat(context.partition_key)
    with desk.open(context) as at:
        now = at.clock.now()
        with at.database.transaction() as connection:
            frame = portfolio.frame(connection, at.book)
            span = period.day(datetime(day.year, day.month, day.day, tzinfo=UTC), frame.start, at.timeframe, now)
            facts = _facts(at, connection, day, frame.quote, span) if span else None
        if facts is None:
            return dg.MaterializeResult(metadata={"dagster/row_count": 0, "why": "the book did not trade on this day"})
        told: dict[str, Any] = plain(document(facts))
        path = risk_page.save(told, at.settings.data_dir.resolve() / "reports" / at.book, f"risk-{day}")["page"]
        with at.database.transaction() as connection:
            marks, hashed = (at.run_id, at.code_version), risk_page.hash_of(told)
            new = reports.add(connection, at.book, day, now, told, hashed, str(path), marks, "risk_report")
    return dg.MaterializeResult(metadata={**_numbers(told), "new version": new, "path": dg.MetadataValue.path(path)})


def _facts(at: Desk, connection: Connection, day: date, quote: str, span: Period) -> Facts:
    timeframe = str(at.timeframe)
    markets = risk.Markets(at.venue, at.symbols, at.timeframe, span.closes)
    version, limits = parameters.limits(connection)
    return Facts(
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
        "document hash": risk_page.hash_of(told),
    }
