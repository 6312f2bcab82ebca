"""The same schema and answers on a server with TimescaleDB."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from adapters.store.database import Database, version
from adapters.store.frames import Store
from adapters.store.migrate import migrate
from trading.candle import TS

pytestmark = pytest.mark.timescale

START = datetime(2025, 1, 1, tzinfo=UTC)


@pytest.fixture
def store(database):
    with Database(database) as opened:
        yield Store(opened, "test", "0"), opened


def candles(count: int, close: float = 100.0) -> pl.DataFrame:
    ts = pl.Series([START + n * timedelta(hours=1) for n in range(count)]).cast(TS)
    prices = {name: pl.lit(close) for name in ("open", "high", "low", "close")}
    return pl.DataFrame({"ts": ts}).with_columns(
        venue=pl.lit("v"),
        symbol=pl.lit("BTC/USDT"),
        timeframe=pl.lit("1h"),
        knowledge_ts=pl.col("ts") + timedelta(hours=1),
        volume=pl.lit(1.0),
        **prices,
    )


def test_tables_are_hypertables_and_migrating_again_changes_nothing(store, database):
    _, opened = store
    migrate(database)
    with opened.transaction() as connection:
        rows = connection.execute(
            "select hypertable_schema || '.' || hypertable_name as name from timescaledb_information.hypertables"
        )
        assert {row["name"] for row in rows} >= {"market.candles", "features.technical_features"}
    assert version(opened).startswith("timescaledb ")


def test_versions_read_the_same_from_the_columnstore(store):
    tables, opened = store
    assert tables.write("market.candles", candles(2000)) == 2000
    before = tables.read("market.candles", {"venue": "v"})
    with opened.transaction() as connection:
        chunks = connection.execute("select show_chunks('market.candles') as chunk").fetchall()
        assert len(chunks) > 1
        for chunk in chunks:
            connection.execute("call convert_to_columnstore(%s::regclass)", (str(chunk["chunk"]),))
    assert tables.read("market.candles", {"venue": "v"}).equals(before)
    now = START + timedelta(days=200)
    assert tables.write("market.candles", candles(2000), now) == 0
    assert tables.write("market.candles", candles(5, close=101.0), now) == 5
    current = tables.read("market.candles", {"venue": "v"})
    assert current.height == 2000
    assert current["close"].to_list()[:6] == [101.0] * 5 + [100.0]
    assert tables.read("market.candles", {"venue": "v"}, as_of=now - timedelta(days=1)).equals(before)
