"""What was visible at any time is what a question as of that time answers, whatever was backfilled or revised since."""

import bisect
import io
import random
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from adapters.store import copying, known
from adapters.store.database import Database
from adapters.store.frames import Store
from trading.candle import TS

START = datetime(2025, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
VISIBLE = "select * from market.candles_current order by venue, symbol, timeframe, ts"


def bars(opens: list[datetime], closes: list[float], symbol: str) -> pl.DataFrame:
    frame = pl.DataFrame({"ts": pl.Series(opens, dtype=TS), "close": closes}, schema_overrides={"close": pl.Float64})
    return frame.with_columns(
        venue=pl.lit("v"),
        symbol=pl.lit(symbol),
        timeframe=pl.lit("1h"),
        knowledge_ts=pl.col("ts") + HOUR,
        open=pl.col("close"),
        high=pl.col("close") + 1,
        low=pl.col("close") / 2,
        volume=pl.lit(1.5),
    )


def some(chance: random.Random, now: datetime, symbols: tuple[str, ...] = ("BTC/USDT", "ETH/USDT")) -> pl.DataFrame:
    """Return closed bars of the last days: the newest, holes filled late, and revisions, as it comes."""
    last = int((now - START) / HOUR)
    first = max(0, last - chance.choice((1, 3, 30)))
    opens = [START + n * HOUR for n in range(first, last) if chance.random() < 0.6]
    return bars(opens, [float(chance.choice((1, 2, 3))) for _ in opens], chance.choice(symbols))


def bytes_of(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_ipc(buffer)
    return buffer.getvalue()


def table(db: Database) -> list[dict[str, object]]:
    with db.transaction() as connection:
        return connection.execute(
            "select * from market.candles order by venue, symbol, timeframe, ts, knowledge_ts"
        ).fetchall()


def test_a_thousand_times_answer_the_bytes_that_were_visible_then(db: Database, seed: int):
    chance = random.Random(seed)
    now, moments, seen = START + timedelta(days=2), [], []
    for number in range(80):
        now += timedelta(minutes=chance.randrange(1, 300))
        store = Store(db, f"run-{number}", "code")
        store.write("market.candles", some(chance, now), now)
        moments.append(now)
        seen.append(bytes_of(store._fetch(VISIBLE)))
    assert len(set(seen)) > 60
    for _ in range(1000):
        at = START + chance.random() * (now + HOUR - START)
        answer = bytes_of(store.read("market.candles", {}, as_of=at, stored_by=at))
        before = bisect.bisect_right(moments, at)
        assert answer == (seen[before - 1] if before else bytes_of(store.read("market.candles", {"venue": "none"}))), at


def test_what_is_stored_late_was_known_before_and_not_visible(db: Database):
    store, now = Store(db, "run", "code"), START + timedelta(days=30)
    store.write("market.candles", bars([START], [1.0], "BTC/USDT"), now)
    then = START + timedelta(days=1)
    assert store.read("market.candles", {}, as_of=then).height == 1
    assert store.read("market.candles", {}, as_of=then, stored_by=then).is_empty()
    assert store.read("market.candles", {}, as_of=now, stored_by=now).height == 1


def test_rows_from_before_times_were_kept_count_as_stored_when_they_were_known(db: Database):
    store = Store(db, "run", "code")
    store.write("market.candles", bars([START], [1.0], "BTC/USDT"), START + timedelta(days=30))
    with db.transaction() as connection:
        connection.execute("update market.candles set recorded_at = null")
    then = START + HOUR
    assert store.read("market.candles", {}, as_of=then, stored_by=then).height == 1


@pytest.mark.parametrize("with_now", [True, False])
def test_reading_what_is_known_or_asking_the_server_write_the_same_versions(
    db: Database, seed: int, monkeypatch: pytest.MonkeyPatch, *, with_now: bool
):
    """The short ways (compare here, copy in binary) against the long ones, on the same random writes."""
    results = []
    for short in (True, False):
        monkeypatch.setattr(known, "_FEWEST", 1 if short else 10**9)
        monkeypatch.setattr(known, "_SLICE", 7)
        monkeypatch.setattr(copying, "_MOST_TEXTS", 500 if short else -1)
        chance = random.Random(seed)
        with db.transaction() as connection:
            connection.execute("truncate market.candles")
        counts = []
        for number in range(40):
            now = START + timedelta(days=3, hours=2 * number)
            frame = pl.concat([some(chance, now) for _ in range(3)]).sample(fraction=1, shuffle=True, seed=number)
            late = chance.random() < 0.3
            if late:
                frame = frame.with_columns(pl.col("knowledge_ts") + timedelta(days=chance.randrange(9)))
            counts.append(Store(db, "run", "code").write("market.candles", frame, now if with_now else None))
        rows = table(db)
        results.append((counts, [{**row, "recorded_at": None} if not with_now else row for row in rows]))
    assert results[0][0] == results[1][0]
    assert results[0] == results[1]
    assert len(results[0][1]) > 100


def test_what_is_known_is_not_staged(db: Database, monkeypatch: pytest.MonkeyPatch):
    now = START + timedelta(days=200)
    frame = bars([START + n * HOUR for n in range(2000)], [1.0] * 2000, "BTC/USDT")
    store = Store(db, "run", "code")
    assert store.write("market.candles", frame, now) == 2000
    monkeypatch.setattr("adapters.store.frames.copy", lambda *_: pytest.fail("sent to the server"))
    assert store.write("market.candles", frame, now) == 0


@pytest.mark.parametrize("texts", [500, -1])
def test_both_ways_of_copying_keep_every_bit(db: Database, monkeypatch: pytest.MonkeyPatch, texts: int):
    monkeypatch.setattr(copying, "_MOST_TEXTS", texts)
    odd = bars([START, START + HOUR], [5e-324, 1.7976931348623157e308 / 3], "Ünï;\"'\\\tcode").with_columns(
        volume=pl.Series([-0.0, 0.1 + 0.2]), timeframe=pl.lit("")
    )
    odd = odd.with_columns(low=pl.col("close"), high=pl.col("close"))
    Store(db, "run", "code").write("market.candles", odd, START + timedelta(days=1))
    back = Store(db, "run", "code").read("market.candles", {}, columns=odd.columns)
    assert repr(back.rows()) == repr(odd.rows())
