"""The Store of the assets: versions only where content differs, and every question as of any time."""

from datetime import datetime, timedelta

import polars as pl
import pytest

from adapters.store.database import Database
from adapters.store.frames import Store
from tests.integration.adapters.store.migrated import AT
from trading.candle import TS
from trading.errors import BadData

TABLE = "market.candles"
KEY = {"venue": "v", "symbol": "S/T", "timeframe": "1h"}


@pytest.fixture
def store(db: Database) -> Store:
    return Store(db, "run-1", "code-1")


def bars(closes: list[float], known: datetime = AT + timedelta(days=9), first: datetime = AT) -> pl.DataFrame:
    return pl.DataFrame(
        {
            **{name: [value] * len(closes) for name, value in KEY.items()},
            "ts": [first + timedelta(hours=n) for n in range(len(closes))],
            "knowledge_ts": [known] * len(closes),
            "open": closes,
            "high": closes,
            "low": closes,
            "close": closes,
            "volume": [1.0] * len(closes),
        },
        schema_overrides={"ts": TS, "knowledge_ts": TS},
    )


def closes(store: Store, as_of: datetime | None = None, **window: datetime) -> list[float]:
    return store.read(TABLE, KEY, as_of=as_of, **window)["close"].to_list()


def rows(db: Database) -> int:
    with db.transaction() as connection:
        return connection.execute(f"select * from {TABLE}").rowcount


def test_the_same_content_is_stored_once(store: Store, db: Database):
    assert store.write(TABLE, bars([1, 2, 3])) == 3
    assert store.write(TABLE, bars([1, 2, 3])) == 0
    assert store.write(TABLE, bars([1, 2, 3], known=AT + timedelta(days=10))) == 0
    assert rows(db) == 3


def test_flips_are_versions_and_every_time_has_its_own_truth(store: Store, db: Database):
    times = [AT + timedelta(days=9 + n) for n in range(3)]
    for known, value in zip(times, (1.0, 2.0, 1.0), strict=True):
        assert store.write(TABLE, bars([value], known=known)) == 1
    assert [closes(store, as_of=known) for known in times] == [[1.0], [2.0], [1.0]]
    assert closes(store, as_of=times[0] - timedelta(microseconds=1)) == []
    assert closes(store) == [1.0]
    assert rows(db) == 3


def test_a_revision_counts_only_from_now_on(store: Store):
    known, now = AT + timedelta(days=9), AT + timedelta(days=20)
    assert store.write(TABLE, bars([1.0], known=known), now) == 1
    assert closes(store, as_of=known) == [1.0]
    # a version with the same time of its own is not backdated: what was decided before finds what it saw
    assert store.write(TABLE, bars([2.0], known=known), now) == 1
    assert closes(store, as_of=now - timedelta(microseconds=1)) == [1.0]
    assert closes(store, as_of=now) == [2.0]
    assert store.write(TABLE, bars([2.0], known=known), now + timedelta(days=1)) == 0


def test_a_key_given_twice_keeps_its_last_row(store: Store, db: Database):
    assert store.write(TABLE, pl.concat([bars([1, 2]), bars([5])])) == 2
    assert closes(store) == [5.0, 2.0]
    assert rows(db) == 2


def test_the_append_path_and_the_merge_path_give_equal_tables(store: Store, db: Database):
    def table() -> list[dict[str, object]]:
        with db.transaction() as connection:
            found = connection.execute(f"select * from {TABLE} order by ts, knowledge_ts").fetchall()
            connection.execute(f"truncate {TABLE}")
        return found

    now = AT + timedelta(days=20)
    for start in (0, 3):
        store.write(TABLE, bars([1.5, 2.25, 1e-9], first=AT + timedelta(hours=start)), now)
    appended = table()
    # a later row first, so that nothing lies ahead any more
    store.write(TABLE, bars([1e-9], first=AT + timedelta(hours=5)), now)
    for start in (0, 3):
        store.write(TABLE, bars([1.5, 2.25, 1e-9], first=AT + timedelta(hours=start)), now)
    assert table() == appended
    assert len(appended) == 6


def test_windows_are_half_open_and_columns_can_be_chosen(store: Store):
    store.write(TABLE, bars([1, 2, 3]))
    assert closes(store, start=AT, end=AT + timedelta(hours=2)) == [1.0, 2.0]
    assert closes(store, start=AT + timedelta(hours=3)) == []
    chosen = store.read(TABLE, {**KEY, "symbol": ["S/T", "other"]}, columns=["ts", "close"])
    assert chosen.schema == {"ts": TS, "close": pl.Float64}
    assert store.read(TABLE, {"symbol": "it's; drop table"}).is_empty()


def test_a_writer_sees_what_another_has_written_since(store: Store, db: Database):
    assert closes(store) == []
    other = Store(db, "run-2", "code-2")
    assert other.write(TABLE, bars([7])) == 1
    assert closes(store) == [7.0]
    assert store.write(TABLE, bars([7])) == 0
    assert store.read(TABLE, KEY)["run_id"].to_list() == ["run-2"]


def test_what_does_not_fit_is_bad_data(store: Store):
    with pytest.raises(BadData, match="volume"):
        store.write(TABLE, bars([1]).drop("volume"))
    with pytest.raises(BadData, match="colour"):
        store.write(TABLE, bars([1]).with_columns(colour=pl.lit("red")))
    with pytest.raises(BadData, match=r"market\.nothing"):
        store.read("market.nothing", {})
    assert store.write(TABLE, bars([])) == 0


@pytest.mark.parametrize("value", [-1.0, 0.0, float("nan"), float("inf"), None])
def test_a_row_that_breaks_a_rule_of_the_table_is_bad_data_and_nothing_is_stored(
    store: Store, db: Database, value: float | None
):
    wrong = bars([1, 2]).with_columns(pl.Series("close", [1.0, value]), pl.Series("high", [1.0, value]))
    with pytest.raises(BadData, match=TABLE):
        store.write(TABLE, wrong)
    assert rows(db) == 0
