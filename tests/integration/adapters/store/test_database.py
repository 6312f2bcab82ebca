"""What a transaction writes is collected: in its order, seen by every statement after it, gone with a rollback."""

import re
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest

import sql
from adapters.store import accounts, audit, triggers
from adapters.store.database import Database
from tests.integration.adapters.store.migrated import AT, BOOK, STRATEGY, SYMBOL

ROOT = Path(__file__).parents[4]


def reasons(database: Database) -> list[str]:
    with database.transaction() as connection:
        rows = connection.execute("select reason from trading.triggers order by trigger_id").fetchall()
    return [row["reason"] for row in rows]


def test_a_statement_sees_what_was_written_before_it(db: Database):
    with db.transaction() as connection:
        for reason in ("first", "second"):
            triggers.add(connection, BOOK, STRATEGY, SYMBOL, reason, AT)
        assert connection.execute("select 1 from trading.triggers").rowcount == 2
        triggers.add(connection, BOOK, STRATEGY, SYMBOL, "third", AT)
        with connection.cursor() as cursor:
            assert cursor.execute("select 1 from trading.triggers").rowcount == 3
    assert reasons(db) == ["first", "second", "third"]


def test_what_was_collected_goes_with_a_rollback_and_with_an_error(db: Database):
    with db.transaction() as connection:
        triggers.add(connection, BOOK, STRATEGY, SYMBOL, "undone", AT)
        audit.record(connection, AT, "test", "event", "undone", {})
        connection.rollback()
        triggers.add(connection, BOOK, STRATEGY, SYMBOL, "done", AT)
    with pytest.raises(ZeroDivisionError), db.transaction() as connection:  # noqa: PT012
        triggers.add(connection, BOOK, STRATEGY, SYMBOL, "failed", AT)
        raise ZeroDivisionError
    with db.transaction() as connection:
        assert connection.execute("select 1 from ops.audit_events where ref = 'undone'").rowcount == 0
    assert reasons(db) == ["done"]


def test_amounts_and_times_arrive_to_the_last_digit(db: Database):
    amount = Decimal("12345678901234567890.123456789012345678")
    with db.transaction() as connection:
        accounts.raise_peak(connection, BOOK, STRATEGY, SYMBOL, amount)
        triggers.add(connection, BOOK, STRATEGY, SYMBOL, 'a "reason", ü \\ and more', AT.replace(microsecond=123456))
        peak = connection.execute("select equity from trading.equity_peaks").fetchone()
        trigger = connection.execute("select at, reason from trading.triggers").fetchone()
    assert peak == {"equity": amount}
    assert trigger == {"at": AT.replace(microsecond=123456), "reason": 'a "reason", ü \\ and more'}


def test_a_kind_that_nobody_knows_is_an_error(db: Database):
    with pytest.raises(psycopg.errors.RaiseException, match="knows no wish"), db.transaction() as connection:
        connection.write("wish", what="anything")


def test_what_has_no_spelling_is_no_value(db: Database):
    with pytest.raises(TypeError, match="no value of a row: <object"), db.transaction() as connection:
        connection.write("trigger", book=object())


def test_every_kind_that_is_written_is_known():
    known = set(re.findall(r"when '(\w+)' then", sql.read("migrations/0010_writes.sql")))
    sources = "".join(path.read_text() for path in (ROOT / "adapters" / "store").glob("*.py"))
    assert set(re.findall(r'\.write(?:_last)?\(\s*"(\w+)"', sources)) == known
