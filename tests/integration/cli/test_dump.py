"""`tradewind dump` and `restore`: the same rows in another database, or an error and nothing at all."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import pytest
from psycopg import sql
from typer.testing import CliRunner

from adapters.store import audit, audit_chain, contents, dump
from adapters.store.anchors import AnchorFile
from adapters.store.database import Database
from adapters.store.local_postgres import fresh_database
from adapters.store.migrate import migrate
from cli.program import app
from tests.integration.assets.analysed_book import open_and_trade
from tests.integration.assets.traded_book import BOOK
from tests.integration.cli.test_json import assert_documented

FILLS = "trading.fills"


@dataclass
class Places:
    """A traded book, an empty database beside it, and where files go."""

    full: str
    empty: str
    folder: Path
    monkeypatch: pytest.MonkeyPatch

    def say(self, at: str, *words: str) -> tuple[int, dict[str, Any]]:
        """Return exit code and object of a verb on the database `at`, in a data folder of its own."""
        self.monkeypatch.setenv("TRADEWIND_DATABASE_URL", at)
        home = self.folder / ("home" if at == self.full else "other")
        done = CliRunner().invoke(app, [*words, "--data-dir", str(home), "--json"])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, json.loads(done.stdout.splitlines()[-1])

    def dumped(self, at: str, name: str) -> Path:
        """Return a dump of the database `at`."""
        folder = self.folder / name
        code, said = self.say(at, "dump", str(folder))
        assert code == 0, said
        return folder

    def refused(self, folder: Path, kind: str, *words: str) -> None:
        """See that a restore fails with all of `words`, and that nothing came in."""
        code, said = self.say(self.empty, "restore", str(folder))
        assert (code, said["error"]) == (1 if kind == "BadData" else 2, kind), said
        assert [word for word in words if word not in said["message"]] == []
        with psycopg.connect(self.empty) as connection:
            there = connection.execute("select to_regclass('ops.books') is not null").fetchone()
            if there == (True,):
                assert connection.execute("select count(*) from ops.books").fetchone() == (0,)


@pytest.fixture
def places(database: str, postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Places]:
    with Database(database) as book:
        open_and_trade(book)
    name = f"other_{hashlib.sha256(database.encode()).hexdigest()[:12]}"
    yield Places(database, fresh_database(postgres_url, name), tmp_path, monkeypatch)
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


def test_what_is_restored_is_what_was_dumped(places: Places):
    with psycopg.connect(places.full) as connection:
        connection.execute(
            "insert into ops.trade_notes (client_id, at, author, note)"
            " select client_id, now(), 'ann', %s from trading.orders limit 1",
            ('"a",\n\\N \\. ü, ',),
        )
    with Database(places.full, size=1) as database, database.transaction() as connection:
        audit.record(connection, datetime(2026, 3, 4, tzinfo=UTC), "ann", "note", "tw-1", {"price": "1.50"})
    with Database(places.full, size=1) as database, database.transaction() as connection:
        newest = audit_chain.newest(connection)
    assert newest is not None
    AnchorFile(places.folder / "home").add(*newest, "2026-03-04T00:00:00+00:00")
    first = places.dumped(places.full, "first")
    code, said = places.say(places.empty, "restore", str(first))
    assert code == 0, said
    assert_documented("restore", said)
    again = places.dumped(places.empty, "again")
    before, after = dump.read_manifest(first), dump.read_manifest(again)
    assert before.contents == after.contents
    assert before.rows > 50
    assert AnchorFile(places.folder / "other").read() == AnchorFile(places.folder / "home").read() != []
    for verb in (["replay", "--decisions-only", "--book", BOOK], ["audit", "verify"], ["passport", "--all"]):
        told = [places.say(at, *verb) for at in (places.full, places.empty)]
        for _, answer in told:
            for place in ("seconds", "anchor_file"):
                answer.pop(place, None)
        assert told[0] == told[1], verb


def test_what_counts_by_itself_counts_on(places: Places):
    first = places.dumped(places.full, "first")
    assert places.say(places.empty, "restore", str(first))[0] == 0
    numbers = []
    for at in (places.full, places.empty):
        with psycopg.connect(at) as connection:
            row = connection.execute(
                "insert into ops.gate_changes (book, venue, symbol, check_name, closed, detail, at, run_id)"
                " select book, venue, symbol, check_name, closed, detail, now(), run_id from ops.gate_changes limit 1"
                " returning change_id"
            ).fetchone()
        numbers.append(row)
    assert numbers[0] == numbers[1]
    assert numbers[0] is not None


def test_a_folder_or_a_database_with_something_in_it_stays_as_it_is(places: Places):
    first = places.dumped(places.full, "first")
    code, said = places.say(places.full, "dump", str(first))
    assert (code, said["error"]) == (2, "Misconfigured")
    code, said = places.say(places.full, "restore", str(first))
    assert (code, said["error"]) == (2, "Misconfigured")
    assert BOOK in said["message"]


def rewrite(path: Path, change: Any) -> None:
    content = pa.CompressedInputStream(pa.OSFile(str(path), "rb"), "zstd").read()
    with pa.CompressedOutputStream(pa.OSFile(str(path), "wb"), "zstd") as target:
        target.write(change(bytes(content)))


def test_a_damaged_dump_brings_nothing_in(places: Places):
    first = places.dumped(places.full, "first")
    file = first / dump.file_of(FILLS)
    whole = file.read_bytes()
    file.write_bytes(whole[:-9])
    places.refused(first, "BadData", FILLS)
    file.write_bytes(whole)
    rewrite(file, lambda text: text.replace(b"61234.57", b"61234.58"))
    places.refused(first, "BadData", FILLS, "hash")
    rewrite(file, lambda text: text[: text.rstrip().rfind(b"\n") + 1])
    places.refused(first, "BadData", FILLS, "3 rows of 4")
    file.unlink()
    places.refused(first, "BadData", FILLS)
    file.write_bytes(whole)
    assert places.say(places.empty, "restore", str(first))[0] == 0


FOREIGN = [
    (lambda told: told | {"revision": "9999_tomorrow"}, ["9999_tomorrow", "older"]),
    (lambda told: told | {"form": 2}, ["form 2"]),
    (lambda told: {key: value for key, value in told.items() if key != "tables"}, ["manifest.json"]),
    (lambda told: told | {"tables": told["tables"][1:]}, ["its tables are not those of"]),
]


def test_a_manifest_that_is_none_of_ours_is_refused(places: Places):
    first = places.dumped(places.full, "first")
    file = first / dump.MANIFEST
    told = json.loads(file.read_text())
    for change, words in FOREIGN:
        file.write_text(json.dumps(change(told)))
        places.refused(first, "Misconfigured", *words)
    file.unlink()
    places.refused(first, "Misconfigured", "holds no dump")


OLD = """
insert into market.candles values
('old', 'BTC/USDT', '1h', '2026-03-04 05:00Z', '2026-03-04 06:00Z', 0.1, 1e300, 5e-324, 0.30000000000000004, 0, '', 'v')
"""


def test_an_older_schema_is_brought_up_to_date(places: Places, postgres_url: str):
    name = f"old_{hashlib.sha256(places.full.encode()).hexdigest()[:12]}"
    old = fresh_database(postgres_url, name)
    migrate(old, "0023_limits")
    with psycopg.connect(old) as connection:
        connection.execute(OLD)
        row = connection.execute("select * from market.candles").fetchone()
    first = places.dumped(old, "first")
    assert dump.read_manifest(first).revision == "0023_limits"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))
    code, said = places.say(places.empty, "restore", str(first))
    assert code == 0, said
    with contents.session(places.empty) as connection:
        assert dump.revision(connection) == migrate(places.empty)
        found = connection.execute("select * from market.candles").fetchone()
    assert row is not None
    assert found is not None
    assert found[: len(row)] == row


def test_the_files_of_the_archive_come_along(places: Places):
    """Their rows are in no table; afterwards they are where the new data folder has its archive."""
    content = b"no parquet, but sealed"
    kept = places.folder / "far" / "away"
    (kept / "x").mkdir(parents=True)
    (kept / "x" / "y.parquet").write_bytes(content)
    with psycopg.connect(places.full) as connection:
        connection.execute(
            "insert into ops.archive_files (table_name, venue, symbol, since, until, folder, path, row_count, bytes,"
            " sha256) values ('market.candles', 'v', 's', '2020-01-01', '2020-02-01', %s, 'x/y.parquet', 1, %s, %s)",
            (str(kept), len(content), hashlib.sha256(content).hexdigest()),
        )
    first = places.dumped(places.full, "first")
    assert places.say(places.empty, "restore", str(first))[0] == 0
    with psycopg.connect(places.empty) as connection:
        row = connection.execute("select folder, path from ops.archive_files").fetchone()
    assert row is not None
    assert Path(*row).read_bytes() == content
    assert Path(*row).is_relative_to(places.folder / "other")
    (kept / "x" / "y.parquet").write_bytes(b"changed")
    code, said = places.say(places.full, "dump", str(places.folder / "second"))
    assert (code, said["error"]) == (1, "BadData")
    assert "y.parquet" in said["message"]
    assert not [path for path in places.folder.iterdir() if "second" in path.name]
