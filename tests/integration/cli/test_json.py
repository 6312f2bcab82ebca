"""docs/json.md against what the verbs print: the same fields, no more, no fewer."""

import json
import re
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from pydantic import SecretStr

from adapters.bus.signal_topic import Record
from adapters.exchange.clock import WallClock
from adapters.settings import Settings
from adapters.store import books, dead_letters, halts, parameters
from adapters.store import status as stored
from adapters.store.database import Database
from cli import doctor, halt, resume, show_config, status, strategies, up, venues
from cli.program import enter
from cli.session.markets import random_market
from cli.session.plan import Trading
from cli.session.result import collect
from services.supervisor.registry import Registry
from trading.limits import Limits
from trading.timeframe import Timeframe

DOCUMENT = Path(__file__).parents[3] / "docs" / "json.md"


def documented(verb: str) -> set[str]:
    (section,) = re.findall(rf"^## {verb}\n(.*?)(?=^## |\Z)", DOCUMENT.read_text(), re.DOTALL | re.MULTILINE)
    rows = re.findall(r"^\| `(.+?)` \|.* \|.* \| (.+?) \|$", section, re.MULTILINE)
    assert rows
    assert all(meaning.strip() for _, meaning in rows)
    return {name for name, _ in rows}


def printed(value: dict[str, Any], known: set[str], prefix: str = "") -> Iterator[str]:
    """Yield the fields of an object as the document writes them; what it calls `{name}` may have any name."""
    any_name = [name for name in known if re.fullmatch(re.escape(prefix) + r"\{\w+\}", name)]
    if any_name:
        yield from any_name
        return
    for key, inner in value.items():
        free = [name for name in known if name.startswith(f"{prefix}{key}.{{")]
        if free:
            assert isinstance(inner, dict)
            yield from free
        elif isinstance(inner, list) and inner and isinstance(inner[0], dict):
            yield from printed(inner[0], known, f"{prefix}{key}[].")
        else:
            yield prefix + key


def assert_documented(verb: str, value: dict[str, Any]) -> None:
    known = documented(verb)
    assert set(printed(value, known)) == known


def test_run(database: str) -> None:
    plan = random_market(Timeframe.parse("1h"), ["BTC/USDT"], Trading(2)).plan
    stack: Any = SimpleNamespace(settings=Settings(kafka="broker:9092"))
    with Database(database) as connected:
        result = collect(stack, plan, connected, 0, time.monotonic(), 1.0)
    assert set(result["rows"]) >= {"market.candles", "trading.orders", "trading.fills"}
    assert_documented("run", result)


def test_up(tmp_path: Path) -> None:
    settings = Settings(
        data_dir=tmp_path,
        database_url=SecretStr("postgresql://u:p@h/d"),
        venue_url="http://127.0.0.1:1",
        kafka="127.0.0.1:2",
    )
    live: Any = SimpleNamespace(stack=SimpleNamespace(settings=settings), dagster="http://127.0.0.1:3")
    assert_documented("up", up._addresses(live))


def test_status(tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(data_dir=tmp_path, database_url=SecretStr(database))
    monkeypatch.setattr(Registry, "read", lambda _: [("simulator", SimpleNamespace(pid=1, alive=True))])
    found = status.collect(settings)
    with psycopg.connect(database) as connection:
        for name, question in stored._QUESTIONS.items():
            columns = connection.execute(question.encode()).description
            assert columns is not None
            found[name] = [{column.name: None for column in columns}]
    assert_documented("status", found | {"reports_on_disk": []})
    silent = status.collect(Settings(data_dir=tmp_path))
    assert set(silent) == {"data_dir", "processes", "database", "reports_on_disk"}


def test_show_config() -> None:
    assert_documented("show-config", {"settings": show_config._rows(Settings(), option=False)})


def test_doctor(tmp_path: Path) -> None:
    findings = [vars(finding) for finding in doctor.examine(Settings(data_dir=tmp_path))]
    assert_documented("doctor", {"ok": True, "findings": findings})


def test_venues(tmp_path: Path) -> None:
    (row,) = venues._rows(Settings(data_dir=tmp_path), None)
    assert (row["venue"], row["exchange"], row["live"]) == ("simulator", "binance", True)
    assert_documented("venues", {"venues": [row]})


def test_strategies() -> None:
    assert_documented("strategies", {"strategies": [strategies._told("combine")]})


def test_halt_and_resume(tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRADEWIND_DATABASE_URL", database)
    with Database(database) as connected, connected.transaction() as connection:
        books.open_book(connection, "local", {"symbols": ["BTC/USDT"]}, 0)
        for symbol in (None, "BTC/USDT"):
            halts.add(connection, "local", symbol, "test", "anna")
    outcome = halt.Outcome("local", None, "test", "anna", cancelled={"BTC/USDT": 1})
    assert_documented("halt", vars(outcome))
    settings = Settings(data_dir=tmp_path, database_url=SecretStr(database))
    done = resume.lift(settings, "BTC/USDT", "test", "anna", accept_venue=False)
    assert_documented("resume", done)


def test_limits(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.setenv("TRADEWIND_DATABASE_URL", database)
    with Database(database) as connected, connected.transaction() as connection:
        parameters.ensure_limits(connection, Limits(), "tradewind", "defaults")
        books.open_book(connection, "local", {"symbols": ["BTC/USDT"]}, 0)
    reason = ["--reason", "test", "--by"]
    soon = (WallClock().now() + timedelta(hours=1)).isoformat()
    for verb, words in (
        ("set", ["min_rebalance=0.1", "max_drawdown=0.3", *reason, "anna"]),
        ("approve", ["2", *reason, "ben"]),
        ("set", ["max_drawdown=0.4", *reason, "anna"]),
        ("reject", ["3", *reason, "ben"]),
        ("set", ["max_drawdown=0.1", "--until", soon, *reason, "anna"]),
        ("end", ["4", *reason, "ben"]),
        ("show", []),
        ("history", []),
    ):
        assert enter(["limits", verb, *words, "--data-dir", str(tmp_path), "--json"]) == 0
        assert_documented(f"limits {verb}", json.loads(capsys.readouterr().out.splitlines()[-1]))


def test_dlq(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.setenv("TRADEWIND_DATABASE_URL", database)
    with Database(database) as connected, connected.transaction() as connection:
        dead_letters.bury(connection, "cluster", Record("topic", 0, 0, b"x"), "bad")
    for verb, words in (("dlq list", ["list"]), ("dlq show", ["show", "1"])):
        assert enter(["dlq", *words, "--data-dir", str(tmp_path), "--json"]) == 0
        assert_documented(verb, json.loads(capsys.readouterr().out.splitlines()[-1]))
    place = {"letter_id": 1, "topic": "topic", "partition": 0, "offset": 0}
    assert_documented("dlq replay", {"replayed": [place], "by": "anna"})


def test_audit(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.setenv("TRADEWIND_DATABASE_URL", database)
    for verb, words in (("audit verify", ["verify"]), ("audit export", ["export", str(tmp_path / "chain")])):
        assert enter(["audit", *words, "--data-dir", str(tmp_path), "--json"]) == 0
        assert_documented(verb, json.loads(capsys.readouterr().out.splitlines()[-1]))


def test_data(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    rows = [f"{1_709_251_200 + 3600 * n},10,12,9,11,{n % 2}" for n in range(30) if n != 7]
    (tmp_path / "kraken_BTC-USD_1h.csv").write_text("\n".join(["ts,open,high,low,close,volume", *rows, rows[0]]))
    (tmp_path / "notes.txt").write_text("not a table\n")
    for verb, words, code in (("coverage", [], 0), ("gaps", [], 0), ("import", ["--out", str(tmp_path / "out")], 1)):
        assert enter(["data", verb, str(tmp_path), *words, "--json"]) == code
        assert_documented(f"data {verb}", json.loads(capsys.readouterr().out.splitlines()[-1]))


def test_the_gaps_of_the_database(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setenv("TRADEWIND_DATABASE_URL", database)
    with psycopg.connect(database) as connection:
        for hour in (0, 1, 4, 5, 7):
            for known in ("2024-03-02", "2024-03-03"):  # a revision is the same bar
                connection.execute(
                    "insert into market.candles values ('kraken', 'BTC/USD', '1h', %s, %s, 1, 2, 1, 2, 3, 'run', '1')",
                    (f"2024-03-01 {hour:02}:00+00", known),
                )
    assert enter(["data", "gaps", "--data-dir", str(tmp_path), "--json"]) == 0
    (one,) = json.loads(capsys.readouterr().out.splitlines()[-1])["series"]
    assert (one["source"], one["venue"], one["symbol"], one["bars"], one["missing"]) == (
        "database",
        "kraken",
        "BTC/USD",
        5,
        3,
    )
    assert [(gap["first"][11:13], gap["last"][11:13], gap["bars"]) for gap in one["gaps"]] == [
        ("02", "03", 2),
        ("06", "06", 1),
    ]
