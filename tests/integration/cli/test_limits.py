"""`tradewind limits` against a real database: who may change what, and which limits hold at each moment."""

import json
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner

from adapters.exchange.clock import WallClock
from adapters.store import books, limit_changes, parameters
from adapters.store.database import Database
from cli.program import app
from trading.errors import Misconfigured
from trading.limits import Limits

Say = Callable[..., tuple[int, str]]
NOW = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
def db(database: str, monkeypatch: pytest.MonkeyPatch) -> Database:
    monkeypatch.setenv("TRADEWIND_DATABASE_URL", database)
    opened = Database(database)
    with opened.transaction() as connection:
        parameters.ensure_limits(connection, Limits(), "tradewind", "defaults")
        books.open_book(connection, "local", {"symbols": ["BTC/USDT"]}, 0)
    return opened


@pytest.fixture
def say(db: Database, tmp_path: Path) -> Say:
    def said(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, ["limits", *words, "--data-dir", str(tmp_path)], env={"COLUMNS": "200"})
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.stdout + done.stderr

    return said


def ask(say: Say, *words: str) -> dict[str, Any]:
    code, said = say(*words, "--json")
    assert code == 0, said
    return json.loads(said.splitlines()[-1])


def holding(db: Database) -> Limits:
    with db.transaction() as connection:
        return parameters.limits(connection)[1]


def wish(say: Say, *words: str, by: str = "anna") -> dict[str, Any]:
    return ask(say, "set", *words, "--reason", "a test", "--by", by)["change"]


def test_what_tightens_holds_at_once_and_what_loosens_waits_for_another(say: Say, db: Database) -> None:
    tighter = wish(say, "max_position=0.5")
    assert (tighter["state"], tighter["looser"], tighter["owner"]) == ("in force", [], "anna")
    assert str(holding(db).max_position) == "0.5"
    looser = wish(say, "max_position=0.6", "max_drawdown=0.1")
    assert (looser["state"], looser["looser"]) == ("waiting", ["max_position"])
    assert str(holding(db).max_position) == "0.5"
    number = str(looser["change_id"])
    for name in ("anna", "Anna", " anna "):
        code, said = say("approve", number, "--reason", "mine", "--by", name)
        assert (code, "second person" in said) == (2, True), said
    assert [each["change_id"] for each in ask(say, "show")["waiting"]] == [looser["change_id"]]
    agreed = ask(say, "approve", number, "--reason", "agreed", "--by", "ben")["change"]
    assert (agreed["state"], agreed["approved_by"]) == ("in force", "ben")
    assert (str(holding(db).max_position), str(holding(db).max_drawdown)) == ("0.6", "0.1")
    assert [each["state"] for each in ask(say, "history")["changes"]] == ["in force", "beneath", "beneath"]
    with db.transaction() as connection:
        rows = connection.execute(
            "select actor, kind, ref from ops.audit_events where kind like 'limits%' order by seq"
        ).fetchall()
    assert [(row["actor"], row["kind"], row["ref"]) for row in rows] == [
        ("anna", "limits_proposed", str(tighter["change_id"])),
        ("anna", "limits_proposed", number),
        ("ben", "limits_approved", number),
    ]


def test_hours_without_new_risk_are_a_limit_as_the_others(say: Say, db: Database) -> None:
    shut = wish(say, "closed=sat-sun; daily 23:55-00:05")
    assert (shut["state"], shut["looser"]) == ("in force", [])
    assert holding(db).closed == ("daily 23:55-00:05", "sat-sun")
    assert ask(say, "show")["limits"]["closed"] == "daily 23:55-00:05; sat-sun"
    assert wish(say, "closed=sat-sun")["looser"] == wish(say, "closed=none")["looser"] == ["closed"]
    with db.transaction() as connection:
        rows = connection.execute("select closed from analytics.limit_changes order by change_id").fetchall()
    assert [row["closed"] for row in rows] == [None, "daily 23:55-00:05; sat-sun", "sat-sun", None]
    code, said = say("set", "closed=weekends", "--reason", "a test", "--by", "anna")
    assert (code, "closed: " in said, "sat-sun, daily 23:55-00:05" in said) == (2, True, True), said


def test_nobody_agrees_with_himself_past_the_program_either(say: Say, db: Database) -> None:
    waiting = wish(say, "max_drawdown=0.5")
    with pytest.raises(psycopg.errors.RaiseException, match="second person"), db.transaction() as connection:
        connection.execute(
            "insert into trading.limit_verdicts (change_id, verdict, actor, reason)"
            " values (%s, 'APPROVED', ' ANNA', 'x')",
            (waiting["change_id"],),
        )
    for statement in ("update trading.limit_changes set looser = '{}'", "delete from trading.limit_verdicts"):
        with pytest.raises(psycopg.Error, match="append"), db.transaction() as connection:
            connection.execute(statement)
    assert holding(db) == Limits()


def test_what_rested_on_other_limits_cannot_be_approved_any_more(say: Say, db: Database) -> None:
    waiting = str(wish(say, "max_drawdown=0.5")["change_id"])
    wish(say, "max_position=0.2", by="carl")
    code, said = say("approve", waiting, "--reason", "late", "--by", "ben")
    assert (code, f"change {waiting} is void" in said, "anew" in said) == (2, True, True), said
    assert (str(holding(db).max_position), str(holding(db).max_drawdown)) == ("0.2", "0.2")


def test_a_rejected_change_is_over(say: Say, db: Database) -> None:
    waiting = str(wish(say, "max_drawdown=0.5")["change_id"])
    assert ask(say, "reject", waiting, "--reason", "no", "--by", "anna")["change"]["state"] == "rejected"
    code, said = say("approve", waiting, "--reason", "yes", "--by", "ben")
    assert (code, "is rejected" in said) == (2, True), said
    assert holding(db) == Limits()


def test_a_temporary_change_ends_by_itself_and_nothing_outlives_it(say: Say, db: Database) -> None:
    soon = (WallClock().now() + timedelta(hours=1)).isoformat()
    temporary = wish(say, "max_position=0.3", "--until", soon)
    code, said = say("set", "max_position=0.2", "--reason", "for ever", "--by", "ben")
    assert (code, "--until" in said) == (2, True), said
    number = str(temporary["change_id"])
    code, said = say("end", number, "--reason", "over", "--by", "anna")
    assert (code, "loosens max_position" in said) == (2, True), said
    assert ask(say, "end", number, "--reason", "over", "--by", "ben")["change"]["state"] == "ended"
    assert holding(db) == Limits()


def test_a_temporary_change_is_over_at_its_time(db: Database) -> None:
    with db.transaction() as connection:
        soon = WallClock().now() + timedelta(seconds=1.5)
        wanted = Limits(max_position=Decimal("0.3"))
        assert limit_changes.propose(connection, wanted, "anna", "for a moment", NOW, soon).state == "in force"
    assert holding(db) == wanted
    time.sleep(max(0.0, (soon - WallClock().now()).total_seconds()) + 0.1)
    assert holding(db) == Limits()
    with db.transaction() as connection:
        assert [change.state for change in limit_changes.changes(connection)] == ["expired", "in force"]


def test_wrong_words_change_nothing(say: Say, db: Database) -> None:
    for words, told in (
        (["set", "max_position=1.5"], "max_position"),
        (["set", "max_position=NaN"], "max_position"),
        (["set", "max_positoin=0.5"], "no such limit"),
        (["set", "max_position=0.5", "max_position=0.6"], "twice"),
        (["set", "max_position=0.95"], "nothing changes"),
        (["set", "max_position=0.99"], "cash_buffer"),
        (["set", "max_position=0.5", "--until", "2020-01-01"], "over already"),
        (["set", "max_position=0.5", "--until", "soon"], "no time"),
        (["approve", "1"], "is in force"),
        (["approve", "99"], "no change 99"),
        (["end", "1"], "only a temporary one"),
    ):
        code, said = say(*words, "--reason", "a test", "--by", "anna")
        assert (code, told in said) == (2, True), (words, said)
    code, said = say("set", "max_position=0.5", "--reason", " ", "--by", "anna")
    assert (code, "--reason" in said) == (2, True), said
    assert len(ask(say, "history")["changes"]) == 1
    assert holding(db) == Limits()


def test_a_dry_run_changes_nothing(say: Say, db: Database) -> None:
    assert ask(say, "set", "max_position=0.5", "--reason", "try", "--by", "anna", "--dry-run")["change"] is None
    assert holding(db) == Limits()


def test_of_many_at_once_each_rests_on_the_one_before(db: Database) -> None:
    failed: list[str] = []

    def tighten(number: int) -> None:
        value = Limits(max_order_value=str(40_000 - number))
        try:
            with db.transaction() as connection:
                limit_changes.propose(connection, value, f"person {number}", "at once", NOW)
        except Misconfigured as error:
            failed.append(str(error))

    threads = [threading.Thread(target=tighten, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    with db.transaction() as connection:
        known = limit_changes.changes(connection)
        every = parameters.all_limits(connection)
    assert len(known) == 13
    lowest = Limits().max_order_value
    for change in reversed(known):
        if change.state in ("in force", "beneath"):
            assert every[change.version].max_order_value <= lowest
            lowest = every[change.version].max_order_value
    assert every[limit_changes.in_force(known).version].max_order_value == lowest
