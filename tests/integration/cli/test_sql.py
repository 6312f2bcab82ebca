"""`tradewind sql`: tables and JSON, a statement or a pipe or a prompt, and one line for what goes wrong."""

import json
import subprocess
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner, Result

from adapters.store.database import Database
from adapters.store.local_postgres import LocalPostgres
from adapters.store.migrate import migrate
from cli.program import app, enter
from cli.session import prompt
from tests.integration.adapters.store.analyst_login import login
from tests.integration.assets.analysed_book import open_and_trade
from tests.integration.cli.test_json import assert_documented


@pytest.fixture
def analyst(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A book to ask about, and a login of analysts in the settings."""
    with Database(database) as book:
        open_and_trade(book)
    url = login(database, tmp_path)
    monkeypatch.setenv("TRADEWIND_ANALYST_URL", url)
    return url


def run(*words: str, input_: str | None = None) -> Result:
    return CliRunner().invoke(app, ["sql", *words], input=input_)


def as_json(*words: str) -> dict[str, Any]:
    done = run("--json", *words)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout.splitlines()[-1])


def test_a_table(analyst: str) -> None:
    done = run("select symbol, side, quantity, value, null as nothing from fills order by ts")
    assert done.exit_code == 0, done.output
    head, first, *_, last = done.stdout.splitlines()
    assert head.split() == ["symbol", "side", "quantity", "value", "nothing"]
    assert first.split() == ["BTC/USDT", "BUY", "0.3", "18370.371", "null"]
    assert last == "(4 rows)"
    assert head.index("quantity") + len("quantity") == first.index("0.3") + len("0.3")


def test_one_object(analyst: str) -> None:
    statement = (
        "select 1.50::numeric as amount, timestamptz '2024-03-01 12:00+02' as at, interval '1 day 2h' as span,"
        " array[0.10, 1e-12::numeric] as list, 'nan'::float8 as number, null as nothing, 7 as count, true as yes,"
        " date '2024-03-01' as day, 1e20::numeric as large"
    )
    found = as_json(statement)
    assert found["columns"] == ["amount", "at", "span", "list", "number", "nothing", "count", "yes", "day", "large"]
    assert found["rows"] == [
        ["1.50", "2024-03-01T10:00:00+00:00", "1 day 02:00:00", ["0.10", "0.000000000001"], "nan", None, 7, True,
         "2024-03-01", "100000000000000000000"]
    ]  # fmt: skip
    assert_documented("sql", found)
    assert as_json("select * from fills where false")["columns"][:2] == ["book", "strategy"]


def test_what_is_piped_in(analyst: str) -> None:
    done = run(input_="select count(*)\nfrom fills;\n")
    assert (done.exit_code, done.stdout.split()) == (0, ["count", "4", "(1", "row)"])
    assert run(input_="  \n").exit_code == 2


def test_a_cut_is_said(analyst: str, capsys: pytest.CaptureFixture) -> None:
    assert enter(["sql", "--max-rows", "3", "table fills"]) == 0
    said = capsys.readouterr()
    assert "(3 rows, more were cut off)" in said.out
    assert "cut off after 3 rows" in said.err
    assert (len(as_json("--max-rows", "3", "table fills")["rows"]), as_json("table fills")["cut"]) == (3, False)
    assert as_json("--max-rows", "4", "table fills")["cut"] is False
    assert as_json("--max-rows", "3", "table fills")["cut"] is True


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("selct 1", 'syntax error at or near "selct" (line 1, column 1)'),
        ("select 1,\n  nope from fills", 'column "nope" does not exist (line 2, column 3)'),
        ("select 1; select 2", "give one at a time"),
        ("select * from trading.orders", "permission denied for schema trading"),
        ("create table x (y int)", "read-only transaction"),
        ("select 1/0", "division by zero"),
        ("select pg_sleep(9)", "--timeout"),
        ("copy fills to stdout", "cannot copy"),
        ("", "there is no statement"),
    ],
)
def test_a_bad_statement_is_one_line(analyst: str, statement: str, said: str, capsys: pytest.CaptureFixture) -> None:
    assert enter(["sql", "--json", "--timeout", "1", statement]) == 2
    told = capsys.readouterr()
    assert told.err.startswith("tradewind: ")
    assert told.err.count("\n") == 1
    assert said in told.err
    assert json.loads(told.out)["error"] == "Misconfigured"


def test_a_headline_does_not_obey_the_terminal(analyst: str) -> None:
    done = run(r"select E'\x1b[31mred\x07' as title, '[bold]x[/bold]' as markup")
    assert "\x1b" not in done.stdout
    assert r"\x1b[31mred\x07" in done.stdout
    assert "[bold]x[/bold]" in done.stdout


def test_the_dictionary(analyst: str) -> None:
    done = run("--dictionary")
    assert done.stdout == (Path(__file__).parents[3] / "docs" / "analytics.md").read_text()
    found = as_json("--dictionary")
    assert {view["name"] for view in found["views"]} >= {"fills", "order_passport"}
    assert_documented("sql --dictionary", found)


def test_without_a_database(tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    assert enter(["sql", "select 1", "--data-dir", str(tmp_path)]) == 2
    assert "nothing has run in" in capsys.readouterr().err
    monkeypatch.setenv("TRADEWIND_DATABASE_URL", "postgresql://owner@127.0.0.1:1/none")
    assert enter(["sql", "select 1"]) == 2
    assert "TRADEWIND_ANALYST_URL is not set" in capsys.readouterr().err
    monkeypatch.setenv("TRADEWIND_ANALYST_URL", "postgresql://analyst:pass-word@127.0.0.1:1/none")
    assert enter(["sql", "select 1"]) == 1
    said = capsys.readouterr().err
    assert "database (TRADEWIND_ANALYST_URL)" in said
    assert "pass-word" not in said


def test_a_schema_that_is_not_there(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = login(database, tmp_path)
    with psycopg.connect(database) as owner:
        owner.execute("drop schema analytics cascade")
    monkeypatch.setenv("TRADEWIND_ANALYST_URL", url)
    done = run("select 1")
    assert (done.exit_code, "ops.admit_analyst()" in done.output) == (2, True)


def test_the_local_server_makes_the_login_and_stops_again(tmp_path: Path) -> None:
    server = LocalPostgres(tmp_path, durable=False)
    server.start()
    try:
        migrate(server.url())
        server.stop()
        done = run("--data-dir", str(tmp_path), "select current_user")
        assert (done.exit_code, done.stdout.split()[1]) == (0, "analyst")
        assert server.pid is None
        assert (tmp_path / "analyst.password").stat().st_mode & 0o777 == 0o600
    finally:
        server.remove()


def test_the_prompt_of_psql(analyst: str) -> None:
    program = prompt.psql()
    assert program is not None
    done = subprocess.run(
        [str(program), *prompt.psql_words(analyst), "-At", "-c", "select current_user, count(*) from fills"],
        env=prompt.psql_variables(analyst, 7),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.returncode) == ("analyst|4\n", 0), done.stderr


def test_our_own_prompt(analyst: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    lines = iter([r"\d", r"\d fills", r"\d nope", "select count(*)", "from fills;", "selct;", "select 1;", r"\q"])
    monkeypatch.setattr("builtins.input", lambda _prompt: next(lines))
    assert prompt.talk(analyst, 5, 10) == 0
    said = capsys.readouterr()
    assert "order_passport" in said.out
    assert "slippage_bps" in said.out
    assert "    4\n(1 row)" in said.out
    assert r"\d nope: " in said.err
    assert "syntax error" in said.err
    assert next(lines, None) is None
