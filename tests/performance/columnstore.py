"""What the columnstore saves: sizes and query times of the same rows before and after, on a server with TimescaleDB.

`python -m tests.performance.columnstore URL [FOLDER]` prints them; FOLDER holds Parquet files of real candles.
"""

import statistics
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import psycopg
from rich.console import Console
from rich.table import Table

from adapters.store import rollups
from adapters.store.database import Database
from adapters.store.frames import Store
from adapters.store.local_postgres import fresh_database
from adapters.store.market_rows import TRADES
from adapters.store.migrate import migrate
from tests.performance.ingest import candles
from trading.candle import TS

ROUNDS, NAME = 5, "tradewind_columnstore"
START = datetime(2024, 1, 1, tzinfo=UTC)
QUERIES = {
    "market.candles": {
        "one symbol, one day": "select * from market.candles where venue = '{v}' and symbol = '{s}'"
        " and timeframe = '{t}' and ts >= '{at}' and ts < '{at}'::timestamptz + interval '1 day'",
        "one symbol, current, 30 days": "select ts, close from market.candles_current where venue = '{v}'"
        " and symbol = '{s}' and timeframe = '{t}' and ts >= '{at}' and ts < '{at}'::timestamptz + interval '30 days'",
        "one symbol, all: max and sum": "select max(high), sum(volume) from market.candles where venue = '{v}'"
        " and symbol = '{s}' and timeframe = '{t}'",
        "all symbols: max and sum": "select symbol, max(high), sum(volume) from market.candles group by symbol",
        "rollup 1d of one symbol": "select * from market.rollups where venue = '{v}' and symbol = '{s}'"
        " and timeframe = '1d'",
        "the same, recounted": "select * from market.recounted_rollups where venue = '{v}' and symbol = '{s}'"
        " and timeframe = '1d'",
    },
    "market.public_trades": {
        "one symbol, one hour": "select * from market.public_trades where venue = '{v}' and symbol = '{s}'"
        " and ts >= '{at}' and ts < '{at}'::timestamptz + interval '1 hour'",
        "one symbol, all: volume": "select sum(price * quantity) from market.public_trades where venue = '{v}'"
        " and symbol = '{s}'",
    },
}


def trades(count: int = 1_000_000, symbols: int = 10) -> pl.DataFrame:
    """Return random prints of `symbols` symbols over ten days: two decimals of price, five of quantity."""
    generator = np.random.default_rng(1)
    steps = np.sort(generator.integers(0, 10 * 86_400 * 1_000, count))
    price = np.round(30_000 + np.cumsum(generator.normal(0, 0.5, count)), 2)
    amount = np.round(generator.lognormal(-3, 2, count) + 1e-5, 5)
    ts = pl.Series(steps).cast(pl.Int64) * 1000 + int(START.timestamp() * 1e6)
    return (
        pl.DataFrame({"ts": ts.cast(TS), "price": price, "quantity": amount})
        .select(
            pl.lit("bench").alias("venue"),
            ("C" + (pl.int_range(pl.len()) % symbols).cast(pl.String) + "/USDT").alias("symbol"),
            "ts",
            (pl.int_range(pl.len()) + 10**9).cast(pl.String).alias("trade_id"),
            (pl.col("ts") + timedelta(milliseconds=40)).alias("knowledge_ts"),
            pl.col("price").round(2).cast(pl.Decimal(18, 2)).cast(pl.String),
            pl.col("quantity").round(5).cast(pl.Decimal(18, 5)).cast(pl.String),
            pl.when(pl.Series(generator.random(count) < 0.5))
            .then(pl.lit("BUY"))
            .otherwise(pl.lit("SELL"))
            .alias("side"),
        )
        .cast(dict(TRADES))
    )  # pyright: ignore[reportArgumentType]


def real(folder: Path) -> pl.DataFrame:
    """Return the candles of the files of `folder`, sound and unique: <venue>_<symbol>_<timeframe>.parquet."""
    parts = []
    for path in sorted(folder.rglob("*_1h.parquet")):
        venue, symbol, _ = path.stem.split("_")
        rows = pl.read_parquet(path).select(pl.col("ts").cast(TS), "open", "high", "low", "close", "volume")
        rows = rows.unique("ts").filter(
            pl.col("low") > 0,
            pl.col("high") >= pl.max_horizontal("open", "close"),
            pl.col("low") <= pl.min_horizontal("open", "close"),
        )
        parts.append(
            rows.with_columns(
                knowledge_ts=pl.col("ts") + timedelta(hours=1),
                venue=pl.lit(venue),
                symbol=pl.lit(symbol),
                timeframe=pl.lit("1h"),
            )
        )
    return pl.concat(parts)


def main() -> None:
    """Load, measure, compress, measure again, print."""
    console, server = Console(width=120), sys.argv[1]
    loads = {"random 1m candles": ("market.candles", candles(), {"v": "bench", "s": "C3/USDT", "t": "1m"})}
    loads["random trades"] = ("market.public_trades", trades(), {"v": "bench", "s": "C3/USDT", "t": ""})
    if len(sys.argv) > 2:
        given = real(Path(sys.argv[2]))
        loads["real 1h candles"] = ("market.candles", given, {"v": "binance", "s": "BTCUSDT", "t": "1h"})
    for title, (table, rows, market) in loads.items():
        url = fresh_database(server, NAME)
        migrate(url)
        with Database(url) as database:
            with database.transaction() as connection:  # or the policies convert the rows before they are measured
                connection.execute("select alter_job(job_id, scheduled => false) from timescaledb_information.jobs")
            Store(database, "bench", "0").write(table, rows)
            rollups.refresh(database)
            console.print(measured(url, title, table, rows, market))
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"drop database {NAME} with (force)")


def measured(url: str, title: str, table: str, rows: pl.DataFrame, market: dict[str, str]) -> Table:
    """Return the table of sizes and times before and after all chunks went to the columnstore."""
    at = rows.filter(pl.col("symbol") == market["s"])["ts"].sort()[rows.height // 50]
    queries = {name: text.format(**market, at=at) for name, text in QUERIES[table].items()}
    shown = Table("", "rows", "columnstore", "ratio", title=f"{title}: {rows.height:,} rows")
    with psycopg.connect(url, autocommit=True, options="-c timezone=UTC") as connection:
        connection.execute(f"vacuum analyze {table}")
        size, before = _size(connection, table), {name: _seconds(connection, text) for name, text in queries.items()}
        answers = {name: sorted(connection.execute(text).fetchall()) for name, text in queries.items()}
        for (chunk,) in connection.execute(f"select show_chunks('{table}')::text").fetchall():
            connection.execute(f"call convert_to_columnstore('{chunk}')")
        connection.execute(f"vacuum analyze {table}")
        after = _size(connection, table)
        shown.add_row("size, MB", f"{size / 1e6:.1f}", f"{after / 1e6:.1f}", f"{size / after:.1f}")
        for name, text in queries.items():
            assert _near(sorted(connection.execute(text).fetchall()), answers[name])
            seconds = _seconds(connection, text)
            shown.add_row(
                f"{name}, ms", f"{before[name] * 1e3:.1f}", f"{seconds * 1e3:.1f}", f"{before[name] / seconds:.1f}"
            )
    return shown


def _near(left: list[tuple[object, ...]], right: list[tuple[object, ...]]) -> bool:
    """Return whether both answers are equal; sums of floats may differ in the order in which they were added."""
    same = len(left) == len(right)
    return same and all(
        a == b or (isinstance(a, float) and isinstance(b, float) and abs(a - b) <= 1e-9 * abs(a))
        for one, other in zip(left, right, strict=True)
        for a, b in zip(one, other, strict=True)
    )


def _size(connection: psycopg.Connection, table: str) -> int:
    row = connection.execute(f"select hypertable_size('{table}')").fetchone()
    assert row is not None
    return row[0]


def _seconds(connection: psycopg.Connection, query: str) -> float:
    def once() -> float:
        began = time.perf_counter()
        connection.execute(query).fetchall()
        return time.perf_counter() - began

    return statistics.median(once() for _ in range(ROUNDS))


if __name__ == "__main__":
    main()
