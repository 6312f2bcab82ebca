"""What `tradewind status` says about a database: an empty one, one in use, none at all."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner

from cli.program import app

AT = datetime(2026, 3, 4, tzinfo=UTC)


def status(tmp_path: Path, *options: str) -> str:
    done = CliRunner().invoke(app, ["status", "--data-dir", str(tmp_path), *options])
    assert done.exit_code == 0, done.output
    return done.stdout


def as_json(tmp_path: Path) -> dict[str, Any]:
    return json.loads(status(tmp_path, "--json").splitlines()[-1])


def test_without_a_database_it_says_so_and_starts_none(tmp_path: Path) -> None:
    found = as_json(tmp_path)
    assert (found["database"], found["processes"]) == ("not running", [])
    assert list(tmp_path.iterdir()) == []
    assert "not running" in status(tmp_path)


def test_an_empty_database_has_nothing_to_tell(
    tmp_path: Path, empty_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRADEWIND_DATABASE_URL", empty_database)
    found = as_json(tmp_path)
    assert found["migrated"] is False
    assert "postgresql" in found["database"]
    assert found["books"] == found["halts"] == []


def test_books_bars_and_halts_are_told(tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRADEWIND_DATABASE_URL", database)
    with psycopg.connect(database) as connection:
        connection.execute(
            "insert into ops.books (book, configuration, status, steps) values"
            """ ('local', '{"venue": "random-7", "timeframe": "1m"}', 'RUNNING', 0)"""
        )
        connection.execute(
            "insert into market.candles values ('random-7', 'BTC/USDT', '1m', %s, %s, 1, 2, 1, 2, 3, 'run', '1')",
            (AT, AT.replace(minute=1)),
        )
        connection.execute(
            "insert into trading.halts (book, symbol, reason, actor, at) values ('local', null, 'test', 'anna', %s)",
            (AT,),
        )
    found = as_json(tmp_path)
    assert found["rows"]["market.candles"] == 1
    assert [(bar["symbol"], bar["newest"]) for bar in found["bars"]] == [("BTC/USDT", str(AT))]
    assert found["bars"][0]["age_seconds"] > 0
    assert [(halt["actor"], halt["reason"]) for halt in found["halts"]] == [("anna", "test")]
    assert "anna" in status(tmp_path)
