"""A book in numbers: what was stored, decided, sent, filled and earned."""

from collections.abc import Sequence
from typing import Any

from adapters.store import ledger
from adapters.store.database import Connection
from trading.money import text

_BOOK_TABLES = (
    "features.technical_features",
    "training.price_models",
    "training.regime_models",
    "training.rule_models",
    "forecasts.price_forecasts",
    "forecasts.market_regimes",
    "signals.strategy_signals",
    "trading.outbox",
    "trading.inbox",
    "trading.risk_decisions",
    "trading.orders",
    "trading.fills",
    "trading.ledger_entries",
    "portfolio.positions",
    "portfolio.equity_curve",
    "reports.daily_performance",
)


def of_book(connection: Connection, book: str, venue: str, symbols: Sequence[str], timeframe: str) -> dict[str, Any]:
    """Return rows per table, model scores, counts, equity at both ends, imbalance, passport gaps and the report."""
    equity = connection.execute(
        "select (array_agg(equity order by ts))[1] as first, (array_agg(equity order by ts desc))[1] as last"
        " from portfolio.equity_curve where book = %s",
        (book,),
    ).fetchone()
    report = connection.execute(
        "select path from reports.daily_performance where book = %s order by day desc, knowledge_ts desc limit 1",
        (book,),
    ).fetchone()
    scores = connection.execute(
        "select scores from training.price_models where book = %s order by knowledge_ts desc limit 1", (book,)
    ).fetchone()
    return {
        "rows": _rows(connection, book, venue, symbols, timeframe),
        "scores": {} if scores is None else scores["scores"],
        **_counts(connection, book),
        "without_orders": _without_orders(connection, book, symbols),
        "equity_start": "0" if equity is None or equity["first"] is None else text(equity["first"]),
        "equity_end": "0" if equity is None or equity["last"] is None else text(equity["last"]),
        "ledger_imbalance": text(ledger.imbalance(connection, book)),
        "report": None if report is None else report["path"],
    }


def _rows(connection: Connection, book: str, venue: str, symbols: Sequence[str], timeframe: str) -> dict[str, int]:
    candles = _one(
        connection,
        "select count(*) as n from market.candles where venue = %s and symbol = any(%s) and timeframe = %s",
        (venue, list(symbols), timeframe),
    )
    counts = {"market.candles": candles}
    for table in _BOOK_TABLES:
        counts[table] = _one(connection, f"select count(*) as n from {table} where book = %s", (book,))  # noqa: S608
    return counts


def _counts(connection: Connection, book: str) -> dict[str, int]:
    questions = {
        "signals": "select count(*) as n from signals.strategy_signals where book = %s",
        "orders": "select count(*) as n from trading.orders where book = %s",
        "fills": "select count(*) as n from trading.fills where book = %s",
        "denied": "select count(*) as n from trading.risk_decisions where book = %s and verdict = 'DENIED'",
        "rejected": "select count(*) as n from trading.orders where book = %s and state = 'REJECTED'",
        "passport_nulls": "select count(*) as n from analytics.order_passport where book = %s and gaps <> '{}'",
    }
    return {name: _one(connection, question, (book,)) for name, question in questions.items()}


def _without_orders(connection: Connection, book: str, symbols: Sequence[str]) -> dict[str, str]:
    """Return for each symbol without any order the commonest reason that was given."""
    rows = connection.execute(
        "select s.symbol, coalesce(mode() within group (order by coalesce(d.verdict || ': ' || d.reason, g.reason)),"
        " 'no signal') as why from unnest(%(symbols)s::text[]) as s (symbol)"
        " left join trading.risk_decisions as d on d.book = %(book)s and d.symbol = s.symbol"
        " left join lateral (select string_agg(check_name || ' ' || detail, '; ') as reason from ops.gates"
        "  where book = %(book)s and symbol = s.symbol and closed) as g on true"
        " where not exists (select 1 from trading.orders as o where o.book = %(book)s and o.symbol = s.symbol)"
        " group by s.symbol",
        {"symbols": list(symbols), "book": book},
    )
    return {row["symbol"]: row["why"] for row in rows}


def _one(connection: Connection, query: str, values: tuple[Any, ...]) -> int:
    row = connection.execute(query, values).fetchone()  # pyright: ignore[reportArgumentType, reportCallIssue]
    return 0 if row is None else row["n"]
