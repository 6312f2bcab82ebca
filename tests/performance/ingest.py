"""A million candles into the table with its key: our versioned Store against a bare binary COPY of the same rows."""

import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache

import numpy as np
import polars as pl
import psycopg

from adapters.store.database import Database
from adapters.store.frames import Store
from tests.performance.bench import Measured, lower_is_better
from tests.performance.server import database
from trading.candle import TS

ROWS, SYMBOLS, ROUNDS = 1_000_000, 10, 3
START = datetime(2024, 1, 1, tzinfo=UTC)


def append() -> Measured:
    """Rows past the newest stored ones: the way of every fetch."""
    ours, peer, _ = _rounds()
    return lower_is_better("ingest_copy", ours, peer, "s per 1M rows", "Store.write, new rows; peer: binary COPY")


def again() -> Measured:
    """The same rows once more: the way of every repeated backfill; nothing is written."""
    _, peer, repeated = _rounds()
    return lower_is_better(
        "ingest_again", repeated, peer, "s per 1M rows", "Store.write, known rows; peer: binary COPY"
    )


@cache
def _rounds() -> tuple[list[float], list[float], list[float]]:
    frame, ours, peer, repeated = candles(), [], [], []
    with database() as url, Database(url) as pool:
        store = Store(pool, "bench", "0")
        with psycopg.connect(url, autocommit=True) as connection:
            for _ in range(ROUNDS):
                connection.execute("truncate market.candles")
                connection.execute("checkpoint")
                ours.append(_timed(lambda: store.write("market.candles", frame)))
                connection.execute("vacuum analyze market.candles")
                repeated.append(_timed(lambda: store.write("market.candles", frame)))
                connection.execute("drop table if exists market.bare")
                connection.execute("create table market.bare (like market.candles including all)")
                connection.execute("checkpoint")
                peer.append(_bare_copy(url))
    return ours, peer, repeated


def candles(rows: int = ROWS, symbols: int = SYMBOLS, first: datetime = START) -> pl.DataFrame:
    """Return random candles of `symbols` symbols from `first` on, as market/candles writes them."""
    per_symbol = rows // symbols
    generator = np.random.default_rng(1)
    close = np.round(100 * np.exp(np.cumsum(generator.normal(0, 1e-3, (symbols, per_symbol)), axis=1)), 2)
    parts = []
    for number in range(symbols):
        price = pl.Series(close[number])
        minutes = pl.int_range(per_symbol, eager=True) * 60_000_000
        ts = (minutes + int(first.timestamp() * 1e6)).cast(TS)
        parts.append(
            pl.DataFrame(
                {"ts": ts, "open": price, "high": price + 0.5, "low": price - 0.5, "close": price}
            ).with_columns(
                venue=pl.lit("bench"),
                symbol=pl.lit(f"C{number}/USDT"),
                timeframe=pl.lit("1m"),
                knowledge_ts=pl.col("ts") + pl.duration(minutes=1),
                volume=pl.lit(1.25),
            )
        )
    return pl.concat(parts)


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _bare_copy(url: str) -> float:
    done = subprocess.run(
        [sys.executable, "-m", "tests.performance.peer_copy", url], check=True, capture_output=True, text=True
    )
    return float(done.stdout)
