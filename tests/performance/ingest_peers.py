"""Candles into the keyed table as others write them: row by row, and with pandas' to_sql; ours on the same rows."""

import time
from collections.abc import Callable

import polars as pl
import psycopg

from adapters.store.database import Database
from adapters.store.frames import Store
from tests.performance.bench import Measured, lower_is_better
from tests.performance.ingest import candles
from tests.performance.server import database

ROWS, ROUNDS = 50_000, 3


def rowwise() -> Measured:
    """One INSERT ... ON CONFLICT per row, all in one transaction: the usual loop."""
    note = "Store.write; peer: an upsert per row in one transaction"
    return _compared("ingest_rowwise", _row_by_row, note)


def to_sql() -> Measured:
    """pandas' to_sql as it comes, into the same table."""
    note = "Store.write; peer: pandas to_sql"
    return _compared("ingest_to_sql", _with_pandas, note)


def _compared(bench: str, peer: Callable[[str, pl.DataFrame], None], note: str) -> Measured:
    frame = candles(ROWS)
    marked = frame.with_columns(run_id=pl.lit("bench"), code_version=pl.lit("0"))
    ours, theirs = [], []
    with database() as url, Database(url) as pool, psycopg.connect(url, autocommit=True) as connection:
        store = Store(pool, "bench", "0")
        for _ in range(ROUNDS):
            ways: list[tuple[list[float], Callable[[], object]]] = [
                (ours, lambda: store.write("market.candles", frame)),
                (theirs, lambda: peer(url, marked)),
            ]
            for times, work in ways:
                connection.execute("truncate market.candles")
                connection.execute("checkpoint")
                began = time.perf_counter()
                work()
                times.append(time.perf_counter() - began)
                row = connection.execute("select count(*) from market.candles").fetchone()
                assert row == (ROWS,)
    return lower_is_better(bench, ours, theirs, f"s per {ROWS // 1000}k rows", note)


def _row_by_row(url: str, frame: pl.DataFrame) -> None:
    names = ", ".join(frame.columns)
    statement = (
        f"insert into market.candles ({names}) values ({', '.join(['%s'] * frame.width)}) on conflict do nothing"
    )
    with psycopg.connect(url) as connection:
        for row in frame.iter_rows():
            connection.execute(statement.encode(), row)


def _with_pandas(url: str, frame: pl.DataFrame) -> None:
    from sqlalchemy import create_engine

    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    pandas = frame.to_pandas()
    pandas.to_sql("candles", engine, schema="market", if_exists="append", index=False)
    engine.dispose()
