"""What was computed comes out the same from what it was computed from, bit for bit; what was planted is named."""

import json
from datetime import datetime, timedelta

import polars as pl
import pytest
from typer.testing import CliRunner

from adapters.store import books
from adapters.store.database import Database
from cli.program import app
from cli.session.remade import Remade, remade
from tests.integration.cli.explained_book import HISTORY, HOUR, LEARNED, Explained, open_book
from tests.integration.cli.test_verify import plant_in
from tests.integration.execution import conftest
from tests.integration.execution.conftest import floor, start_simulator
from tests.integration.execution.floor import BOOK, SYMBOL, Floor

__all__ = ["floor", "start_simulator"]

#: A row that differs, as the verb's JSON shows it.
REMADE = Remade("features.technical_features", 1, "a", "b", [{"symbol": SYMBOL, "ts": None, "columns": ["body"]}])
TABLES = ("features.technical_features", "forecasts.price_forecasts", "forecasts.market_regimes")


@pytest.fixture(autouse=True)
def own_book(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conftest, "open_book", open_book)


@pytest.fixture
def book(floor: Floor) -> Explained:
    """A book that has seen bars come, one of them late, one corrected, and its features computed anew each time."""
    book = Explained(floor)
    book.begin()
    book.step()
    revise(book, hours_ago=30)
    book.step(hours=2)
    skip_and_catch_up(book)
    book.step()
    return book


def revise(book: Explained, hours_ago: int) -> None:
    """Let a bar be another than was known, and features be computed anew at the time of the next run."""
    book.floor.walk(timedelta(minutes=7))
    store, now = book.run(), book.floor.now()
    row = book.panel.filter(pl.col("ts") + HOUR <= now).slice(-hours_ago, 1)
    book.candles(store, row.with_columns(pl.col("high") * 1.05, pl.col("close") * 1.02), now)
    book.features(store, now)


def skip_and_catch_up(book: Explained) -> None:
    """Let a bar be missed, the next one come, and the missed one after it."""
    book.floor.walk(2 * HOUR)
    late, newest = (book.panel.filter(pl.col("ts") + HOUR <= book.floor.now()).slice(-n, 1) for n in (2, 1))
    store, now = book.run(), book.floor.now()
    book.candles(store, newest, now)
    book.features(store, now)
    book.tell(store, now)
    book.floor.walk(timedelta(minutes=3))
    store, now = book.run(), book.floor.now()
    book.candles(store, late, now)
    book.features(store, now)


def again(book: Explained, start: datetime | None = None, end: datetime | None = None) -> list[Remade]:
    with Database(book.floor.database.url, size=2) as database, database.transaction() as connection:
        assert books.known(connection, BOOK)
        found = remade(database, connection, BOOK, (start, end), lambda *_: None)
    assert [one.table for one in found] == list(TABLES)
    return found


def test_all_comes_out_as_it_was_whatever_came_late_or_was_corrected(book: Explained):
    whole = again(book)
    for one in whole:
        assert one.different == []
        assert one.stored_hash == one.remade_hash
    assert whole[0].rows > HISTORY + 30
    day = book.floor.now() - 3 * HOUR
    parts = [again(book, None, day), again(book, day, None)]
    assert [one.rows + other.rows for one, other in zip(*parts, strict=True)] == [one.rows for one in whole]
    assert all(one.different == [] for part in parts for one in part)
    assert parts[1][1].rows > 1


#: At an old bar, of which no forecast tells, and at the newest.
OLD, OLDER, NEWEST = 200, 300, 1
PLANTED = {
    "update features.technical_features set rsi_14 = rsi_14 + 1e-12 where ts = %s": OLD,
    "update features.technical_features set body = null where ts = %s": OLDER,
    "update forecasts.price_forecasts set sigma = sigma * 1.01 where ts = %s": NEWEST,
    "update forecasts.market_regimes set regime = 'wild' where ts = %s": NEWEST,
    "insert into forecasts.price_forecasts select book, venue, symbol, timeframe, ts - interval '500 days',"
    " knowledge_ts - interval '500 days', model_id, expected_return, sigma, run_id, code_version"
    " from forecasts.price_forecasts where ts = %s": NEWEST,
}


def test_what_was_planted_is_found_in_its_table_and_nowhere_else(book: Explained):
    known = book.panel.filter(pl.col("ts") + HOUR <= book.floor.now())["ts"].to_list()
    for planted, bars_ago in PLANTED.items():
        plant_in(book.floor.database.url, planted.replace("%s", f"'{known[-bars_ago].isoformat()}'"))
    found = {
        one.table: [(row["symbol"], row["ts"], row["columns"], row.get("why")) for row in one.different]
        for one in again(book)
    }
    assert found == {
        TABLES[0]: [(SYMBOL, known[-OLDER], ["body"], None), (SYMBOL, known[-OLD], ["rsi_14"], None)],
        TABLES[1]: [
            (SYMBOL, known[-1] - timedelta(days=500), [], "cannot be made again"),
            (SYMBOL, known[-1], ["sigma"], None),
        ],
        TABLES[2]: [(SYMBOL, known[-1], ["regime"], None)],
    }


def test_it_is_told_in_a_table_and_as_an_object(book: Explained, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TRADEWIND_DATABASE_URL", book.floor.database.url)
    book.desire(LEARNED, "0.5", stop="0.1")
    done = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["replay"])
    # What it desires was made up here: its strategy, shown the same, does not desire that.
    assert done.exit_code == 1, done.output
    told = {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines() if line.startswith(("f", "s"))}
    assert [told[name][1] for name in (*TABLES, "signals.strategy_signals")] == ["0", "0", "0", "1"]
    assert f"signals.strategy_signals  {SYMBOL}" in done.stdout
    said = json.loads(CliRunner().invoke(app, ["replay", "--json"]).stdout.splitlines()[-1])
    assert [one["table"] for one in said["remade"]] == [*TABLES, "signals.strategy_signals"]
    assert [row["columns"] for row in said["remade"][-1]["different"]] == [["exposure", "stop", "reason"]]
    said = json.loads(CliRunner().invoke(app, ["replay", "--decisions-only", "--json"]).stdout.splitlines()[-1])
    assert said["remade"] == []
