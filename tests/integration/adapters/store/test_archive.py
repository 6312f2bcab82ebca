"""The archive: rows leave the database once and whole, every answer stays, and a hold keeps them where they are."""

import hashlib
import json
import random
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import duckdb
import polars as pl
import psycopg
import pytest

from adapters.store import archive, cold, hot_and_cold
from adapters.store.cold import Partition
from adapters.store.database import Database
from adapters.store.frames import Store
from tests.integration.adapters.store.market_history import NOW, START, SYMBOLS, TABLES, answers, candles, fill
from trading.errors import BadData, Denied, Misconfigured


@pytest.fixture
def filled(db: Database, seed: int) -> Database:
    fill(db, seed)
    return db


def all_rows(db: Database) -> dict[str, list[dict[str, object]]]:
    with db.transaction() as connection:
        return {t: connection.execute(f"select t.* from {t} as t order by t").fetchall() for t in TABLES}


def move_all(db: Database, folder: Path) -> list[Partition]:
    parts, held = archive.pending(db, None, NOW)
    assert not held
    for part in parts:
        archive.move(db, folder, part)
    archive.write_manifests(db, folder)
    return parts


def hold(db: Database, **values: object) -> None:
    names = ", ".join(["reason", *values])
    with db.transaction() as connection:
        marks = ", ".join(["'a lawsuit'", *["%s"] * len(values)])
        connection.execute(f"insert into ops.legal_holds ({names}) values ({marks})".encode(), list(values.values()))


def test_every_answer_is_the_same_after_the_archive_and_after_the_way_back(filled: Database, tmp_path: Path):
    before, rows = answers(filled), all_rows(filled)
    parts = move_all(filled, tmp_path)
    assert {part.table for part in parts} == set(TABLES)
    assert not any(all_rows(filled).values())
    assert answers(filled) == before
    assert archive.pending(filled, None, NOW) == ([], [])
    with filled.transaction() as connection:
        paths = [file.path for _, _, file in archive.listed(connection)]
    for path in paths:
        assert archive.restore(filled, path) > 0
    assert all_rows(filled) == rows
    assert answers(filled) == before


def test_files_are_hive_partitioned_and_the_manifest_has_their_hashes(filled: Database, tmp_path: Path):
    move_all(filled, tmp_path)
    listed = {}
    for table in TABLES:
        manifest = json.loads((tmp_path / table / "manifest.json").read_text())
        assert manifest["table"] == table
        listed |= {entry["path"]: entry["sha256"] for entry in manifest["files"]}
    files = sorted(tmp_path.rglob("*.parquet"))
    found = {str(path.relative_to(tmp_path)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    assert found == listed
    assert not list(tmp_path.rglob("*.part"))
    with duckdb.connect() as duck:
        glob = f"{tmp_path}/market.candles/**/*.parquet"
        query = (
            f"select distinct venue, symbol, month from read_parquet('{glob}', hive_partitioning = true) order by all"
        )
        assert duck.sql(query).fetchall() == [("v", s, m) for s in sorted(SYMBOLS) for m in ("2024-01", "2024-02")]
        query = f"select compression from parquet_metadata('{glob}') group by 1"
        assert duck.sql(query).fetchall() == [("ZSTD",)]


def test_what_is_held_stays_and_nobody_deletes_it(filled: Database, tmp_path: Path):
    hold(filled, table_name="market.candles", symbol=SYMBOLS[0], since=START, until=START + timedelta(hours=1))
    parts, held = archive.pending(filled, None, NOW)
    assert [str(part) for part, _ in held] == [f"market.candles v {SYMBOLS[0]} 2024-01"]
    for part in parts:
        archive.move(filled, tmp_path, part)
    left = all_rows(filled)
    assert [table for table in TABLES if left[table]] == ["market.candles"]
    assert {(row["symbol"], row["ts"].month) for row in left["market.candles"]} == {(SYMBOLS[0], 1)}
    for statement in ("delete from market.candles", "truncate market.candles"):
        with pytest.raises(psycopg.errors.RestrictViolation, match="a lawsuit"), filled.transaction() as connection:
            connection.execute(statement)
    with pytest.raises(Denied, match="a lawsuit"):
        archive.move(filled, tmp_path, held[0][0])
    assert all_rows(filled) == left
    with filled.transaction() as connection:
        # outside the span of the hold
        connection.execute("delete from market.candles where ts >= %s", (START + timedelta(hours=1),))
        connection.execute("update ops.legal_holds set released_at = now(), released_by = 'judge'")
    move_all(filled, tmp_path)
    assert not any(all_rows(filled).values())


@pytest.mark.parametrize(("column", "value"), [("venue", "v"), ("table_name", "market.candles"), (None, None)])
def test_a_hold_on_all_of_something_holds_it_all(filled: Database, column: str | None, value: str | None):
    hold(filled, **({column: value} if column else {}))
    parts, held = archive.pending(filled, None, NOW)
    assert {part.table for part, _ in held} == ({value} if column == "table_name" else set(TABLES))
    assert len({part.table for part in parts}) == (len(TABLES) - 1 if column == "table_name" else 0)


def test_a_damaged_or_missing_file_is_told_and_never_read_as_if_it_were_sound(filled: Database, tmp_path: Path):
    move_all(filled, tmp_path)
    assert {wrong for _, wrong in archive.verify(filled)} == {None}
    files = sorted(tmp_path.rglob("market.candles/**/*.parquet"))
    content = bytearray(files[0].read_bytes())
    content[len(content) // 2] ^= 1
    files[0].write_bytes(content)
    files[1].unlink()
    (tmp_path / "market.candles" / "venue=v" / "other.parquet").write_bytes(b"")
    wrong = [why for _, why in archive.verify(filled) if why]
    assert len(wrong) == 3
    assert [
        word for word in ("SHA-256", "cannot be read", "not in the manifest") if not any(word in w for w in wrong)
    ] == []
    with pytest.raises(BadData, match=r"SHA-256|cannot be read"):
        hot_and_cold.read(filled, "market.candles", {})
    with pytest.raises(BadData, match=r"SHA-256|cannot be read"):
        archive.restore(filled, str(files[0].relative_to(tmp_path)))
    with pytest.raises(Misconfigured, match="nothing"):
        archive.restore(filled, "nothing")


def test_rows_that_come_in_while_the_file_is_written_are_in_it(
    filled: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    part = archive.pending(filled, "market.candles", NOW)[0][0]
    write, late = cold.write, candles(part.symbol, 3, close=7.0)

    def written_late(folder: Path, part: Partition, rows: pl.DataFrame) -> cold.File:
        Store(filled, "late", "code").write("market.candles", late, NOW + timedelta(days=2))
        return write(folder, part, rows)

    monkeypatch.setattr(cold, "write", written_late)
    archive.move(filled, tmp_path, part)
    found = hot_and_cold.read(filled, "market.candles", {"symbol": part.symbol})
    assert found["close"].to_list()[:4] == [7.0, 7.0, 7.0, 100.0]


def test_what_the_archive_has_is_not_stored_again_and_a_revision_of_it_is_refused(filled: Database, tmp_path: Path):
    before = answers(filled)
    move_all(filled, tmp_path)
    store, later = Store(filled, "again", "code"), NOW + timedelta(days=3)
    as_it_is = hot_and_cold.read(filled, "market.candles", {}).drop("run_id", "code_version", "recorded_at")
    assert store.write("market.candles", as_it_is, later) == 0
    assert answers(filled) == before
    revised = candles(SYMBOLS[0], 3, close=5.0)
    with pytest.raises(BadData, match=r"3 rows differ .* 2024-01; .*--restore market\.candles/venue=v") as refused:
        store.write("market.candles", revised, later)
    assert not all_rows(filled)["market.candles"]
    archive.restore(filled, str(refused.value).split("--restore ")[1].split("`")[0])
    assert store.write("market.candles", revised, later) == 3
    archive.move(filled, tmp_path, archive.pending(filled, "market.candles", NOW)[0][0])
    found = hot_and_cold.read(filled, "market.candles", {"symbol": SYMBOLS[0]})
    assert found["close"].to_list()[:4] == [5.0, 5.0, 5.0, 100.0]
    assert hot_and_cold.read(filled, "market.candles", {"symbol": SYMBOLS[0]}, known=NOW)["close"][0] == 100.0


def test_killed_at_any_moment_nothing_is_lost_and_nothing_is_twice(filled: Database, tmp_path: Path, seed: int):
    before, chance, kills = answers(filled), random.Random(seed), 0
    command = [sys.executable, "-m", "tests.integration.adapters.store.archive_process", filled.url, str(tmp_path)]
    while True:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        with process.stdout:
            assert process.stdout.readline() == "ready\n"
            time.sleep(chance.random() * (0.05 + 0.03 * kills))
            process.kill()
            done = "done" in process.stdout.read()
        process.wait()
        if done:
            break
        kills += 1
        assert answers(filled) == before
    print(f"{kills} kills")
    assert kills > 0
    assert not any(all_rows(filled).values())
    assert answers(filled) == before
    move_all(filled, tmp_path)
    assert {wrong for _, wrong in archive.verify(filled)} == {None}
