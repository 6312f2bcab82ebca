"""Rollups as continuous aggregates answer a recount at every moment: late, revised, deleted and compressed bars too."""

import random
from datetime import UTC, datetime, timedelta

import polars as pl
import psycopg
import pytest

from adapters.store import rollups
from adapters.store.database import Database
from adapters.store.frames import Store
from trading.candle import TS

pytestmark = pytest.mark.timescale

START = datetime(2025, 1, 29, tzinfo=UTC)
DAYS = 40
LENGTHS = {"1m": timedelta(minutes=1), "1h": timedelta(hours=1)}
DIFFERENCE = (
    "select count(*) as count from (({left} except all {right}) union all ({right} except all {left})) as different"
)


@pytest.fixture
def db(database):
    with Database(database) as opened:
        with opened.transaction() as connection:
            # A policy that converts the same chunk at the same moment is no part of the test.
            connection.execute("select alter_job(job_id, scheduled => false) from timescaledb_information.jobs")
        yield opened


def bars(chance: random.Random) -> pl.DataFrame:
    """Return some bars of a random series at a random time: late, new and revised ones come as they come."""
    timeframe = chance.choice(list(LENGTHS))
    step = LENGTHS[timeframe]
    first = START + step * chance.randrange(DAYS * timedelta(days=1) // step)
    opens = [first + n * step for n in range(chance.choice((1, 7, 400))) if n == 0 or chance.random() < 0.9]
    closes = [round(100 * (1 + chance.random()), 4) for _ in opens]
    return pl.DataFrame(
        {
            "venue": "v",
            "symbol": chance.choice(("BTC/USDT", "ETH/USDT")),
            "timeframe": timeframe,
            "ts": pl.Series(opens, dtype=TS),
            "knowledge_ts": pl.Series(opens, dtype=TS) + step,
            "open": closes[1:] + closes[:1],
            "high": [300.0 + close for close in closes],
            "low": [close / 3 for close in closes],
            "close": closes,
            "volume": [chance.random() * 10 for _ in opens],
        }
    )


def different(db: Database) -> int:
    columns = "venue, symbol, timeframe, base, ts, knowledge_ts, open, high, low, close, volume, bars, complete"
    left, right = (f"select {columns} from market.{name}" for name in ("rollups", "recounted_rollups"))
    with db.transaction() as connection:
        row = connection.execute(DIFFERENCE.format(left=left, right=right)).fetchone()
    assert row is not None
    return row["count"]


def marks(db: Database) -> int:
    with db.transaction() as connection:
        return connection.execute("select 1 from market.rollup_marks").rowcount


def compress(db: Database, chance: random.Random) -> None:
    with db.transaction() as connection:
        chunks = [str(row["chunk"]) for row in connection.execute("select show_chunks('market.candles') as chunk")]
        if chunks:
            statement = "call convert_to_columnstore(%s::regclass, if_not_columnstore => true)"
            connection.execute(statement, (chance.choice(chunks),))


def forget(db: Database, chance: random.Random) -> None:
    first = START + timedelta(hours=chance.randrange(DAYS * 24))
    with db.transaction() as connection:
        connection.execute(
            "delete from market.candles where symbol = 'BTC/USDT' and ts >= %s and ts < %s",
            (first, first + timedelta(hours=chance.choice((2, 50)))),
        )


def test_rollups_equal_a_recount_at_every_moment(db, seed):
    chance = random.Random(seed)
    store = Store(db, "run", "code")
    now = START + timedelta(days=100)
    for _ in range(60):
        now += timedelta(minutes=1)
        action = chance.choice(("write", "write", "write", "compress", "forget", "refresh"))
        if action == "write" and not (frame := bars(chance)).is_empty():
            store.write("market.candles", frame, now)
        elif action == "compress":
            compress(db, chance)
        elif action == "forget":
            forget(db, chance)
        elif action == "refresh":
            rollups.refresh(db)
            assert marks(db) == 0
        assert different(db) == 0, f"after {action}"
    rollups.refresh(db)
    assert (different(db), marks(db)) == (0, 0)
    with db.transaction() as connection:
        assert connection.execute("select 1 from market.rolled_1d").rowcount > 10
        connection.execute("truncate market.candles")
    assert different(db) == 0


def test_what_commits_during_a_refresh_stays_marked(db, seed):
    chance = random.Random(seed)
    store = Store(db, "run", "code")
    frame = pl.concat([bars(chance) for _ in range(3)])
    store.write("market.candles", frame, START + timedelta(days=100))
    with psycopg.connect(db.url) as late:
        late.execute(
            "insert into market.candles select venue, symbol, timeframe, ts, knowledge_ts + interval '1 day', open,"
            " high + 1, low, close, volume, run_id, code_version from market.candles"
        )
        assert rollups.refresh(db) > 0
        assert different(db) == 0
        late.commit()
    assert marks(db) > 0
    assert different(db) == 0
    rollups.refresh(db)
    assert (different(db), marks(db)) == (0, 0)


def test_the_aggregates_alone_miss_what_comes_late(db, seed):
    """The reason for the marks: without them the same late row goes unseen until a refresh."""
    chance = random.Random(seed)
    store = Store(db, "run", "code")
    frame = pl.concat([bars(chance) for _ in range(3)])
    store.write("market.candles", frame, START + timedelta(days=100))
    rollups.refresh(db)
    store.write("market.candles", frame.tail(1).with_columns(pl.col("high") + 1), START + timedelta(days=101))
    assert different(db) == 0
    with db.transaction() as connection:
        connection.execute("delete from market.rollup_marks")
    assert different(db) > 0
