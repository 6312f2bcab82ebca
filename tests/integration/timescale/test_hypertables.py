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
KEYS = {"book": "b", "venue": "v", "symbol": "BTC/USDT", "timeframe": "1h"}
#: Features besides the technical ones, with what else each row of them holds.
FEATURES = {
    "features.chart_patterns": {"pattern": "cdldoji", "direction": 1, "strength": 100},
    "features.custom_features": {"name": "mean_5", "value": 1.5},
    "features.depth_features": {
        "spread_bps": 1.0,
        **dict.fromkeys(("microprice_bps", "imbalance_5", "imbalance_10", "bid_slope", "ask_slope"), 0.5),
        **dict.fromkeys(("buy_impact_bps", "sell_impact_bps"), 2.0),
    },
    "features.news_features": {
        "model_id": "m",
        **dict.fromkeys(("news_mood", "social_mood", "market_mood"), 0.25),
        "news_weight": 1.0,
        **dict.fromkeys(("news_articles", "social_posts"), 3),
    },
}
#: What of them a revision changes.
REVISED = {
    "features.chart_patterns": "strength",
    "features.custom_features": "value",
    "features.depth_features": "spread_bps",
    "features.news_features": "news_weight",
}


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
        names = {row["name"] for row in rows}
        assert names >= {"market.candles", "features.technical_features", *FEATURES}
        assert names.isdisjoint({"features.volume_profiles", "features.correlations"})
    assert version(opened).startswith("timescaledb ")


def compress(opened: Database, table: str) -> None:
    """Convert all chunks of `table`, of which there must be several."""
    with opened.transaction() as connection:
        chunks = connection.execute("select show_chunks(%s::regclass) as chunk", (table,)).fetchall()
        assert len(chunks) > 1
        for chunk in chunks:
            connection.execute("call convert_to_columnstore(%s::regclass)", (str(chunk["chunk"]),))


def test_versions_read_the_same_from_the_columnstore(store):
    tables, opened = store
    assert tables.write("market.candles", candles(2000)) == 2000
    before = tables.read("market.candles", {"venue": "v"})
    compress(opened, "market.candles")
    assert tables.read("market.candles", {"venue": "v"}).equals(before)
    now = START + timedelta(days=200)
    assert tables.write("market.candles", candles(2000), now) == 0
    assert tables.write("market.candles", candles(5, close=101.0), now) == 5
    current = tables.read("market.candles", {"venue": "v"})
    assert current.height == 2000
    assert current["close"].to_list()[:6] == [101.0] * 5 + [100.0]
    assert tables.read("market.candles", {"venue": "v"}, as_of=now - timedelta(days=1)).equals(before)


@pytest.mark.parametrize("table", FEATURES)
def test_features_read_the_same_from_the_columnstore(store, table):
    tables, opened = store
    told, revised = FEATURES[table], REVISED[table]
    content = [pl.lit(value).alias(name) for name, value in (KEYS | told).items()]
    rows = candles(2000).select("ts", "knowledge_ts").with_columns(content)
    assert tables.write(table, rows) == 2000
    before = tables.read(table, KEYS)
    compress(opened, table)
    assert tables.read(table, KEYS).equals(before)
    now = START + timedelta(days=200)
    assert tables.write(table, rows, now) == 0
    assert tables.write(table, rows.head(5).with_columns((pl.col(revised) * 2).alias(revised)), now) == 5
    current = tables.read(table, KEYS)
    assert current[revised].to_list()[:6] == [told[revised] * 2] * 5 + [told[revised]]
    assert tables.read(table, KEYS, as_of=now - timedelta(days=1)).equals(before)
