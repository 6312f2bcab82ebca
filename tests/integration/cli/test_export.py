"""`tradewind export`: every view of one moment, to the last digit, whole or not at all."""

import hashlib
import json
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest
from pyarrow import parquet
from typer.testing import CliRunner

from adapters.store import dictionary
from adapters.store.database import Database
from adapters.store.view_rows import Rows
from cli.program import app, enter
from tests.integration.adapters.store.analyst_login import login
from tests.integration.assets.analysed_book import TRADES, open_and_trade
from tests.integration.assets.traded_book import BOOK
from tests.integration.cli.test_json import assert_documented

EXACT = "decimal(38,18)"


@pytest.fixture
def owner(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    with Database(database) as book:
        open_and_trade(book)
    monkeypatch.setenv("TRADEWIND_ANALYST_URL", login(database, tmp_path))
    return database


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "out"
    made.mkdir()
    return made


def export(*words: str) -> dict[str, Any]:
    done = CliRunner().invoke(app, ["export", *words, "--json"])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout.splitlines()[-1])


def stored(url: str) -> Iterator[tuple[str, list[str], list[tuple[Any, ...]]]]:
    """Yield each view with its columns and rows, amounts as texts."""
    with psycopg.connect(url) as connection:
        for view in dictionary.read(connection):
            names = [column.name for column in view.columns]
            chosen = ", ".join(f"{each.name}::text" if each.type == "numeric" else each.name for each in view.columns)
            order = ", ".join(str(number + 1) for number in range(len(names)))
            query = f"select {chosen} from analytics.{view.name} order by {order}"
            yield view.name, names, connection.execute(query.encode()).fetchall()


def same(kept: list[tuple[Any, ...]], wanted: list[tuple[Any, ...]]) -> bool:
    """Tell whether rows are the same whatever their order: amounts by value, times by the moment."""

    def key(row: tuple[Any, ...]) -> str:
        return repr([format(one.normalize(), "f") if isinstance(one, Decimal) else str(one) for one in row])

    def number(one: Any) -> Any:
        try:
            return Decimal(one) if isinstance(one, str) else one
        except ArithmeticError:
            return one

    return sorted(key(tuple(map(number, row))) for row in kept) == sorted(
        key(tuple(map(number, row))) for row in wanted
    )


def test_parquet_holds_every_row_to_the_last_digit(owner: str, folder: Path) -> None:
    told = export("--parquet", str(folder / "all"))
    assert_documented("export", told)
    manifest = json.loads((folder / "all" / "manifest.json").read_text())
    assert manifest["taken_at"] == told["taken_at"]
    assert hashlib.sha256((folder / "all" / "manifest.json").read_bytes()).hexdigest() == told["sha256"]
    parts = {part["view"]: part for part in manifest["views"]}
    assert sorted(path.name for path in (folder / "all").iterdir()) == sorted(
        [*(part["path"] for part in parts.values()), "manifest.json"]
    )
    for name, columns, rows in stored(owner):
        path = folder / "all" / parts[name]["path"]
        assert hashlib.sha256(path.read_bytes()).hexdigest() == parts[name]["sha256"]
        table = parquet.read_table(path)
        assert table.column_names == columns
        assert same([tuple(row.values()) for row in table.to_pylist()], rows), name
        assert parts[name]["rows"] == len(rows)
    assert parts["fills"]["types"]["price"] == EXACT
    assert told["rows"] == sum(part["rows"] for part in parts.values()) > 150
    again = export("--parquet", str(folder / "again"))
    assert [part["sha256"] for part in again["views"]] == [part["sha256"] for part in told["views"]]


def test_what_does_not_fit_is_a_text(owner: str, folder: Path) -> None:
    tiny, large = "0.1234567890123456789", "123456789012345678901234567890.5"
    with psycopg.connect(owner) as connection:
        connection.execute("update signals.strategy_signals set stop = %s where signal_id = 'signal-1'", (tiny,))
        connection.execute("update signals.strategy_signals set volatility = %s where signal_id = 'signal-2'", (large,))
        connection.execute("update signals.strategy_signals set exposure = 0.250000000000000000000000")
    told = export("--parquet", str(folder / "all"))
    types = next(part["types"] for part in told["views"] if part["view"] == "signals")
    assert (types["stop"], types["volatility"], types["exposure"]) == ("text", "text", EXACT)
    table = parquet.read_table(folder / "all" / "signals.parquet").to_pylist()
    found = {row["signal_id"]: row for row in table}
    assert (found["signal-1"]["stop"], found["signal-2"]["volatility"]) == (tiny, large)
    assert found["signal-1"]["exposure"] == Decimal("0.25")


def test_a_duckdb_file_can_be_asked(owner: str, folder: Path) -> None:
    file = folder / "all.duckdb"
    file.write_text("something older")
    told = export("--duckdb", str(file), "--book", BOOK)
    assert hashlib.sha256(file.read_bytes()).hexdigest() == told["sha256"]
    assert [path.name for path in folder.iterdir()] == [file.name]
    with duckdb.connect(str(file), read_only=True) as opened:
        (value,) = opened.execute("select sum(price) from fills").fetchone() or ()
        assert value == sum(Decimal(price) for *_, price in TRADES)
        kind = "select data_type, comment from duckdb_columns() where table_name = 'fills' and column_name = 'ts'"
        assert opened.execute(kind).fetchone() == ("TIMESTAMP WITH TIME ZONE", "When it filled at the venue, UTC.")
        counted = dict(opened.execute("select name, row_count from manifest").fetchall())
        assert counted == {name: len(rows) for name, _, rows in stored(owner)}
        (span,) = opened.execute("select max(closed_for) from gate_closures").fetchone() or ()
        assert span == timedelta(hours=2)


def test_another_book_is_left_out(owner: str, folder: Path) -> None:
    with psycopg.connect(owner) as connection:
        connection.execute("insert into ops.books (book, configuration, status, steps) values ('b', '{}', 'DONE', 0)")
    told = {part["view"]: part["rows"] for part in export("--parquet", str(folder / "b"), "--book", "b")["views"]}
    assert (told["books"], told["fills"], told["signals"]) == (1, 0, 0)
    assert told["candles"] > 0


def test_it_is_all_of_one_moment(owner: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What commits while it is written, before the view that shows it is read, is not in it."""
    read = Rows.batches

    def batches(rows: Rows) -> Any:
        if rows.view.name == "adverse_selection":
            with psycopg.connect(owner) as connection:
                connection.execute("update ops.books set status = 'DONE'")
        return read(rows)

    monkeypatch.setattr(Rows, "batches", batches)
    export("--parquet", str(folder / "all"))
    assert parquet.read_table(folder / "all" / "books.parquet")["status"].to_pylist() == ["RUNNING"]


@pytest.mark.parametrize("form", ["--parquet", "--duckdb"])
def test_what_fails_leaves_nothing(owner: str, folder: Path, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read = Rows.batches

    def batches(rows: Rows) -> Any:
        if rows.view.name == "sources":
            raise KeyboardInterrupt
        return read(rows)

    monkeypatch.setattr(Rows, "batches", batches)
    assert enter(["export", form, str(folder / "all")]) == 130
    assert list(folder.iterdir()) == []


def test_what_a_killed_export_left_is_removed(owner: str, folder: Path) -> None:
    (folder / ".all.1.part").mkdir()
    (folder / ".all.1.part" / "fills.parquet").write_text("half")
    export("--parquet", str(folder / "all"))
    assert [path.name for path in folder.iterdir()] == ["all"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "say where to"),
        (["--duckdb", "a", "--parquet", "b"], "say where to"),
        (["--parquet", "{}"], "is there already"),
        (["--duckdb", "{}"], "is a folder"),
        (["--duckdb", "{}/none/x"], "there is no folder"),
        (["--parquet", "{}/new", "--book", "nope"], "--book nope: there is no such book"),
    ],
)
def test_a_wrong_option(owner: str, folder: Path, words: list[str], said: str, capsys: pytest.CaptureFixture) -> None:
    assert enter(["export", *(word.format(folder) for word in words)]) == 2
    assert said in capsys.readouterr().err
    assert list(folder.iterdir()) == []
