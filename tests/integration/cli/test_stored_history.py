"""`tradewind data export | as-of | archive` on a real database: a file, a moment, to the archive and back."""

import json
import os
from pathlib import Path
from typing import Any

import polars as pl
import psycopg
import pytest
from typer.testing import CliRunner

from adapters.settings import Settings
from adapters.store import dagster_log, upkeep
from adapters.store.database import Database
from adapters.store.holds import Hold
from cli.program import app
from cli.session.stack import dagster_instance
from tests.integration.adapters.store.market_history import NOW, START, SYMBOLS, fill
from trading.candle import TS


@pytest.fixture
def data(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> Path:
    with Database(database) as opened:
        fill(opened, seed)
    monkeypatch.setenv("TRADEWIND_DATABASE_URL", database)
    return tmp_path


def say(*words: str) -> tuple[int, dict[str, Any]]:
    done = CliRunner().invoke(app, ["data", *words, "--json"])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, json.loads(done.stdout.splitlines()[-1])


def test_what_is_printed_is_documented(data: Path):
    from tests.integration.cli.test_json import assert_documented

    hold = "insert into ops.legal_holds (symbol, table_name, reason) values (%s, 'market.candles', 'a lawsuit')"
    with psycopg.connect(os.environ["TRADEWIND_DATABASE_URL"]) as connection:
        connection.execute(hold, (SYMBOLS[1],))
    assert_documented("data export", say("export", "--out", str(data / "a.csv"))[1])
    assert_documented("data as-of", say("as-of", "market.book_events", "--at", "2030-01-01")[1])
    moved = say("archive", "--data-dir", str(data), "--table", "market.candles", "--before", "2025-01-01")[1]
    assert_documented("data archive", moved | {"deleted": {"ops.quality_results": 0}})
    assert_documented("data archive --list", say("archive", "--list")[1])
    (data / "archive" / moved["moved"][0]["path"]).write_bytes(b"")
    code, wrong = say("archive", "--verify")
    assert code == 1
    assert_documented("data archive --verify", wrong)
    assert_documented("data archive --restore", say("archive", "--restore", moved["moved"][1]["path"])[1])


def exported(data: Path, name: str, *words: str) -> pl.DataFrame:
    code, said = say("export", "--out", str(data / name), *words)
    assert code == 0, said
    readers = {"parquet": pl.read_parquet, "csv": pl.read_csv, "arrow": pl.read_ipc, "feather": pl.read_ipc}
    rows = readers[name.rpartition(".")[2]](data / name)
    assert rows.height == said["rows"]
    assert not list(data.glob(".*.part"))
    return rows


def test_each_form_holds_the_same_rows_before_and_after_the_archive(data: Path):
    words = ("--symbol", SYMBOLS[0], "--start", "2024-01-30T05:00", "--end", "2024-02-01T05:00:00Z")
    first = exported(data, "a.parquet", *words)
    assert first["ts"].min() == START.replace(hour=5)
    assert first.height == 48
    text = exported(data, "a.csv", *words)
    assert text["close"].to_list() == first["close"].to_list()
    assert text["ts"].str.to_datetime(time_zone="UTC", time_unit="us").to_list() == first["ts"].to_list()
    code, said = say("archive", "--table", "market.candles", "--before", "2025-01-01", "--data-dir", str(data / "home"))
    assert (code, len(said["moved"])) == (0, 4)
    for name in ("b.parquet", "b.arrow", "b.feather"):
        assert exported(data, name, *words).equals(first)
    assert say("archive", "--verify") == (0, {"files": 4, "wrong": {}})
    path = said["moved"][0]["path"]
    assert say("archive", "--restore", path)[1]["rows"] == said["moved"][0]["row_count"]
    assert len(say("archive", "--list")[1]["files"]) == 3
    assert exported(data, "c.parquet", *words).equals(first)


def test_exact_numbers_stay_exact(data: Path, database: str):
    rows = exported(data, "t.parquet", "--table", "market.public_trades", "--symbol", SYMBOLS[1])
    with psycopg.connect(database) as connection:
        query = "select price::text from market.public_trades where symbol = %s order by ts, trade_id"
        prices = [price for (price,) in connection.execute(query, (SYMBOLS[1],)).fetchall()]
    assert rows["price"].to_list() == prices


def test_as_of_tells_what_was_stored_and_what_was_known(data: Path):
    before = say("as-of", SYMBOLS[0], "--at", NOW.isoformat())[1]
    after = say("as-of", SYMBOLS[0], "--at", "2030-01-01")[1]
    assert before["rows"] == after["rows"] == 96
    assert before["sha256"] != after["sha256"]
    assert say("as-of", SYMBOLS[0], "--at", "2024-02-01")[1]["rows"] == 0
    assert say("as-of", SYMBOLS[0], "--at", "2024-02-01", "--known")[1]["rows"] == 48
    assert say("as-of", "market.funding_rates", "--at", "2030-01-01")[1]["rows"] > 0
    say("archive", "--table", "market.candles", "--before", "2025-01-01", "--data-dir", str(data))
    assert say("as-of", SYMBOLS[0], "--at", NOW.isoformat())[1] == before


#: What is asked for, and what the answer must name.
WRONG = (
    (("export", "--out", "x.xlsx"), "--out"),
    (("export", "--out", "/nowhere/x.csv"), "no folder"),
    (("export", "--out", "x.csv", "--start", "yesterday"), "--start"),
    (("export", "--out", "x.csv", "--table", "market.nothing"), "market.nothing"),
    (("export", "--out", "x.csv", "--table", "market.public_trades", "--timeframe", "1h"), "timeframe"),
    (("archive", "--table", "market.nothing"), "ops.retention_policies"),
    (("archive", "--before", "2024-01-01"), "--table"),
    (("archive", "--restore", "nothing"), "ops.archive_files"),
    (("archive", "--list", "--verify"), "choose one"),
)


def test_what_cannot_be_is_said_in_one_line(data: Path):
    for words, message in WRONG:
        code, said = say(*words)
        assert code in {1, 2}
        assert message in said["message"]


def test_upkeep_deletes_what_is_not_archived_and_keeps_what_is_held(data: Path, database: str):
    with Database(database) as opened:
        with opened.transaction() as connection:
            for symbol, day in (("A", "2001-01-01"), ("A", "2001-01-03"), ("B", "2001-01-01")):
                connection.execute(
                    "insert into ops.quality_results (book, venue, symbol, timeframe, check_name, passed, blocking,"
                    " affected, detail, at, run_id) values ('b', 'v', %s, '1h', 'gap', false, false, 1, '', %s, 'r')",
                    (symbol, day),
                )
            connection.execute(
                "insert into ops.legal_holds (symbol, until, reason) values ('A', '2001-01-02', 'a lawsuit')"
            )
        assert upkeep.apply(opened, data, table="ops.quality_results").deleted == {"ops.quality_results": 2}
        with opened.transaction() as connection:
            left = connection.execute("select symbol from ops.quality_results").fetchall()
    assert left == [{"symbol": "A"}]


def test_dagsters_log_is_pruned_but_knows_what_was_materialised(
    tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
):
    import dagster as dg

    @dg.asset
    def thing() -> None:
        """Something."""

    url = "postgresql+psycopg2://" + database.split("://", 1)[1]
    monkeypatch.setenv("TRADEWIND_DAGSTER_URL", url)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    with (
        dagster_instance(Settings(data_dir=tmp_path)) as instance,
        psycopg.connect(database, autocommit=True) as connection,
    ):
        assert dg.materialize([thing], instance=instance).success
        lines = connection.execute("select count(*) from event_logs").fetchall()[0][0]
        assert dagster_log.prune(url, START, []) == 0
        connection.execute("update event_logs set timestamp = '2020-01-02'")
        held = Hold(1, None, None, None, START.replace(year=2019), START.replace(year=2021), "a lawsuit")
        assert dagster_log.prune(url, START, [held]) == 0
        gone = dagster_log.prune(url, START, [])
        assert 5 < gone < lines
        assert instance.get_latest_materialization_event(dg.AssetKey("thing")) is not None
        assert dagster_log.prune(url, START, []) == 0


def test_times_without_a_zone_are_utc(data: Path):
    rows = exported(data, "z.parquet", "--end", "2024-01-30T02:00:00+01:00")
    assert rows.schema["ts"] == TS
    assert rows["ts"].unique().to_list() == [START]


def test_what_a_person_holds_stays_until_a_person_releases_it(data: Path, database: str):
    from tests.integration.cli.test_json import assert_documented

    span = ("--start", "2024-01-01", "--end", "2024-02-01")
    code, placed = say("hold", "--symbol", SYMBOLS[0], *span, "--reason", "case 12/25", "--by", "ann")
    assert code == 0
    assert_documented("data hold", placed)
    assert (placed["table"], placed["symbol"], placed["since"]) == (None, SYMBOLS[0], "2024-01-01 00:00:00+00:00")
    code, listed = say("holds")
    assert_documented("data holds", listed)
    assert [one["hold_id"] for one in listed["holds"]] == [placed["hold_id"]]
    where = "from market.candles where symbol = %s and ts >= '2024-01-01' and ts < '2024-02-01'"
    with psycopg.connect(database) as connection:
        rows = connection.execute(f"select count(*) {where}", (SYMBOLS[0],)).fetchone()
        assert rows is not None
        assert rows[0] > 0
        with pytest.raises(psycopg.errors.RestrictViolation, match="case 12/25"):
            connection.execute(f"delete {where}", (SYMBOLS[0],))
    code, ended = say("release", str(placed["hold_id"]), "--reason", "closed", "--by", "ben")
    assert code == 0
    assert_documented("data release", ended)
    assert say("holds")[1] == {"holds": []}
    with psycopg.connect(database) as connection:
        assert connection.execute(f"delete {where}", (SYMBOLS[0],)).rowcount == rows[0]
        chain = connection.execute("select actor, kind, payload from ops.audit_events order by seq").fetchall()
    assert [row[:2] for row in chain] == [("ann", "hold_placed"), ("ben", "hold_released")]
    assert (chain[0][2]["symbol"], chain[1][2]["reason"]) == (SYMBOLS[0], "closed")


def test_a_hold_that_cannot_be_is_refused(data: Path):
    for words, message in (
        (("hold", "--reason", " "), "--reason"),
        (("hold", "--reason", "r", "--table", "trading.orders"), "--table trading.orders: rows are deleted from "),
        (("hold", "--reason", "r", "--start", "2024-02-01", "--end", "2024-01-01"), "is not before --end"),
        (("hold", "--reason", "r", "--by", "guard"), "is not the name of a person"),
        (("release", "7", "--reason", "r"), "hold 7 is not in force"),
    ):
        code, said = say(*words)
        assert (code, message in said["message"]) == (2, True)
    assert say("holds")[1] == {"holds": []}
