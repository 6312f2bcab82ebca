"""The sums of a report, asked of the database's views and of DuckDB on the Parquet that `tradewind export` writes.

The books hold 500, 5,000 and 50,000 fills; the statements are the same text on both sides.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import psycopg
from psycopg.types.json import Jsonb

from adapters.store import analysts, analytics_export
from tests.performance.bench import Measured, lower_is_better
from tests.performance.server import database

FILLS, ROUNDS = (500, 5_000, 50_000), 7
SYMBOLS, STRATEGIES = ["BTC/USDT", "ETH/USDT", "SOL/USDT"], ["grid", "trend"]

REPORT = {
    "fills, fees and slippage": "select strategy, symbol, side, count(*) as fills, sum(value) as traded,"
    " sum(fee_quote) as fees, max(slippage_bps) as worst from fills where book = '{book}'"
    " group by strategy, symbol, side order by strategy, symbol, side",
    "profit by strategy": "select strategy, sum(quote_change) as earned, sum(fee_quote) as fees, count(*) as movements"
    " from movements where book = '{book}' group by strategy order by strategy",
    "decisions by reason": "select verdict, reason, count(*) as decisions, sum(orders) as orders from decisions"
    " where book = '{book}' group by verdict, reason order by verdict, reason",
    "the course of a day": "select date_trunc('day', ts) as day, count(*) as fills, min(price) as low,"
    " max(price) as high from fills where book = '{book}' group by 1 order by 1",
}


def report() -> Measured:
    """Measure all statements of one report together, at each size."""
    ours: dict[int, list[float]] = {}
    peer: dict[int, list[float]] = {}
    with database() as url, tempfile.TemporaryDirectory() as folder:
        for number in FILLS:
            _trade(url, f"book{number}", number)
        with psycopg.connect(url, autocommit=True) as owner:
            owner.execute("vacuum analyze")
        login = analysts.admit(url, Path(folder))
        with analysts.connect(login) as connection:
            for number in FILLS:
                book, parquet = f"book{number}", Path(folder) / str(number)
                analytics_export.to_parquet(login, parquet, book, lambda *_: None)
                with duckdb.connect() as duck:
                    for name in ("fills", "movements", "decisions"):
                        duck.execute(f"create view {name} as select * from '{parquet}/{name}.parquet'")
                    _same(connection.execute, duck.execute, book)
                    ours[number], peer[number] = _both(connection.execute, duck.execute, book)
    sizes = ", ".join(
        f"{number:,} fills {statistics.median(ours[number]):.0f} against {statistics.median(peer[number]):.0f}"
        for number in FILLS
    )
    return lower_is_better("report_sql", ours[FILLS[-1]], peer[FILLS[-1]], "ms", f"{sizes}; peer: DuckDB on Parquet")


Execute = Callable[[str], Any]


def _both(ours: Execute, peer: Execute, book: str) -> tuple[list[float], list[float]]:
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for execute, taken in zip((ours, peer), times, strict=True):
            began = time.perf_counter()
            for statement in REPORT.values():
                execute(statement.format(book=book)).fetchall()
            taken.append((time.perf_counter() - began) * 1000)
    return times


def _same(ours: Execute, peer: Execute, book: str) -> None:
    """Check that both sides answer alike; a bench that compares different work proves nothing."""
    for name, statement in REPORT.items():
        one, other = (len(execute(statement.format(book=book)).fetchall()) for execute in (ours, peer))
        if one != other or not one:
            raise SystemExit(f"{name}: {one} rows of the database, {other} of DuckDB")


def _trade(url: str, book: str, fills: int) -> None:
    """Store a book of `fills` signals, decisions, orders and fills over a year, with their journals; triggers rest."""
    configuration = {"venue": "bench", "timeframe": "1h", "symbols": SYMBOLS, "quote": "USDT", "strategies": STRATEGIES}
    values = {"book": book, "fills": fills, "symbols": SYMBOLS, "strategies": STRATEGIES}
    with psycopg.connect(url) as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute(
            "insert into ops.books (book, configuration, status, steps) values (%s, %s, 'DONE', 1)",
            (book, Jsonb(configuration)),
        )
        connection.execute(_TRADES, values)
        for statement in _ROWS:
            connection.execute(statement, values)


_TRADES = """
create temporary table trades on commit drop as
select
    n, md5(%(book)s || n) as id, 'tw-' || md5(%(book)s || n) || '-a1' as client_id,
    (%(symbols)s::text[])[1 + n %% 3] as symbol, (%(strategies)s::text[])[1 + n %% 2] as strategy,
    '2025-01-01'::timestamptz + n * ('364 days'::interval / %(fills)s) as ts,
    case n / 6 %% 2 when 0 then 'BUY' else 'SELL' end as side, round((100 + 10 * sin(n / 50.0))::numeric, 2) as price
from generate_series(1, %(fills)s) as n
"""
_ROWS = (
    "insert into signals.strategy_signals select id, %(book)s, strategy, 'bench', symbol, '1h', ts, ts, ts + '1 hour',"
    " 0.5, null, 0.01, price, 'bench', 'model', 'f', 'c', null, 'calm', 1, 'run', '0' from trades",
    "insert into trading.risk_decisions select id, 1, %(book)s, strategy, symbol, 'signal', 'TRADE',"
    " 'reason ' || n %% 9, 0, 1, '{}', 'h', 1, ts from trades",
    "insert into trading.orders select client_id, id, 1, 'entry', 1, %(book)s, strategy, 'bench', symbol, side,"
    " 'MARKET', 1, price, null, null, false, 'FILLED', 1, ts, ts, 3000, n::text, 1, null, null, ts from trades",
    "insert into trading.fills select %(book)s, 'bench', symbol, n::text, client_id, n::text, side, price, 1,"
    " price / 1000, 'USDT', ts, ts from trades",
    "insert into trading.journals select 'fill:' || id, %(book)s, 'FILL', id, ts from trades",
    "insert into trading.ledger_entries select 'fill:' || id, l.line, %(book)s, strategy, symbol, l.account,"
    " l.currency, l.amount * case side when 'BUY' then 1 else -1 end from trades cross join lateral (values"
    " (1, 'position', split_part(symbol, '/', 1), 1.0), (2, 'market', split_part(symbol, '/', 1), -1.0),"
    " (3, 'cash', 'USDT', -price), (4, 'market', 'USDT', price)) as l (line, account, currency, amount)",
)
