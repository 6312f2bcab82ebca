"""Rollups count the newest known version of each stored bar, and any time before has its own answer."""

import random
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from adapters.store import rollups
from adapters.store.database import Database
from adapters.store.frames import Store
from trading.candle import TS
from trading.market.resample import resample
from trading.timeframe import Timeframe

START = datetime(2025, 3, 1, tzinfo=UTC)
MINUTES = 3 * 1440
NUMBERS = ["open", "high", "low", "close", "volume"]
MINUTE = Timeframe(60)


def bars(chance: random.Random, minutes: list[int]) -> pl.DataFrame:
    closes = [round(100 * (1 + chance.random()), 4) for _ in minutes]
    ts = pl.Series([START + timedelta(minutes=n) for n in minutes], dtype=TS)
    return pl.DataFrame({"ts": ts, "open": closes[1:] + closes[:1], "close": closes}).with_columns(
        venue=pl.lit("v"),
        symbol=pl.lit("BTC/USDT"),
        timeframe=pl.lit("1m"),
        knowledge_ts=pl.col("ts") + timedelta(minutes=1),
        high=pl.col("close") + 200,
        low=pl.col("close") / 3,
        volume=pl.Series([chance.random() * 10 for _ in minutes]),
    )


@pytest.fixture
def history(db: Database, seed: int) -> tuple[Database, Store, list[datetime]]:
    """Three days of minutes with holes, then three waves of late and revised bars; when each wave came."""
    chance = random.Random(seed)
    store = Store(db, "run", "code")
    times = []
    for wave in range(4):
        chosen = sorted(chance.sample(range(MINUTES), MINUTES - 500 if wave == 0 else 300))
        times.append(START + timedelta(days=10 + wave))
        store.write("market.candles", bars(chance, chosen), times[-1])
    return db, store, times


def rows(db: Database, query: str, *values: object) -> pl.DataFrame:
    with db.transaction() as connection:
        found = connection.execute(query.encode(), values).fetchall()
    return pl.DataFrame(found, schema_overrides={"ts": TS, "knowledge_ts": TS}, infer_schema_length=None)


@pytest.mark.parametrize(("length", "factor"), [("5m", 5), ("15m", 15), ("1h", 60), ("4h", 240), ("1d", 1440)])
def test_they_equal_the_resampled_bars(history, length: str, factor: int):
    db, store, times = history
    for at in (*times, None):
        known = store.read("market.candles", {"timeframe": "1m"}, as_of=at, columns=["symbol", "ts", *NUMBERS])
        expected = resample(known, MINUTE, factor).select("ts", *NUMBERS)
        query = "select * from market.rollups_as_of('v', 'BTC/USDT', '1m', %s, %s, %s) where timeframe = %s order by ts"
        found = rows(db, query, START, START + timedelta(days=9), at or datetime.max.replace(tzinfo=UTC), length)
        assert found["bars"].sum() == known.height
        assert expected.height > 0
        counted = found.select("ts", *NUMBERS)[: expected.height]
        assert counted.drop("volume").equals(expected.drop("volume"))
        # The same numbers, added in another order.
        assert (counted["volume"] / expected["volume"] - 1).abs().max() < 1e-12
        if at is None:
            assert rows(db, "select * from market.rollups where timeframe = %s order by ts", length).equals(found)
    assert set(found.filter(pl.col("complete"))["bars"]) <= {factor}


def test_a_bar_is_counted_from_shorter_ones_that_fill_it_alone(db: Database):
    chance = random.Random(1)
    hours = bars(chance, list(range(0, 1440, 60))).with_columns(
        timeframe=pl.lit("1h"), knowledge_ts=pl.col("ts") + timedelta(hours=1)
    )
    Store(db, "run", "code").write("market.candles", hours)
    found = rows(db, "select distinct timeframe, base, complete from market.rollups")
    assert sorted(found.rows()) == [("1d", "1h", True), ("4h", "1h", True)]


def test_refreshing_is_for_everybody(history):
    db, _, _ = history
    assert rollups.refresh(db) in {0, 3}
