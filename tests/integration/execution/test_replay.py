"""Thirty days on paper, each replayed twice: every decision comes out as it was, and so do the orders it led to.

So they do where the book was restored from a dump.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from adapters.bus.local_broker import LocalBroker
from adapters.evidence.replayed import Replayed, replay
from adapters.store import dump
from adapters.store.database import Database
from adapters.store.local_postgres import fresh_database
from adapters.store.restore import restore
from cli.session import markets
from cli.session.backtest import Terms, prepare
from cli.session.plan import Trading
from tests.integration.cli.test_verify import plant_in
from tests.integration.execution.paper import open_paper, simulate
from trading.execution import protocol
from trading.limits import Limits
from trading.timeframe import Timeframe

DAYS = 30
STRATEGIES = ("grid", "trend")


@pytest.fixture
def book(
    database: str, broker: LocalBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> Iterator[tuple[Database, str, datetime]]:
    """Yield the database, name and first moment of a book that has traded `DAYS` daily bars."""
    monkeypatch.setattr(protocol, "too_late", lambda *_: False)
    # Daily bars, and enough of them before the first day for what the strategies read.
    monkeypatch.setattr(markets, "RANDOM_DAYS", 700)
    trading = Trading(DAYS, history=640, seed=seed % 100_000, strategies=STRATEGIES)
    market = markets.random_market(Timeframe.parse("1d"), ["BTC/USDT", "SOL/USDT"], trading)
    prepared = prepare(market, Terms(brief=False))
    simulator = simulate(market, tmp_path / market.plan.book)
    try:
        open_paper(market, prepared, simulator, database, broker).run()
        with Database(database, size=1) as connected:
            yield connected, market.plan.book, market.plan.window_start
    finally:
        simulator.stop()


def again(database: Database, book: str, day: datetime) -> Replayed:
    def same(limits: Limits) -> Limits:
        return limits

    with database.transaction() as connection:
        return replay(connection, book, (day, day + timedelta(days=1)), same, silent)


@pytest.fixture
def elsewhere(database: str, postgres_url: str) -> Iterator[str]:
    """The URL of another empty database."""
    name = f"{database.rpartition('/')[2].partition('?')[0]}_elsewhere"
    yield fresh_database(postgres_url, name)
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


def silent(*_: object) -> None:
    """Tell nobody."""


def test_thirty_days_replay_twice_with_equal_hashes(
    book: tuple[Database, str, datetime], elsewhere: str, tmp_path: Path
):
    database, name, start = book
    days = [start + timedelta(days=number) for number in range(DAYS + 1)]
    first = [again(database, name, day) for day in days]
    for day in first:
        assert (day.different, day.broken) == ([], [])
        assert day.stored_hash == day.replayed_hash
    assert [again(database, name, day) for day in days] == first
    dump.write(database.url, tmp_path / "none", tmp_path / "dump", silent)
    restore(elsewhere, tmp_path / "home", tmp_path / "dump", silent)
    with Database(elsewhere, size=1) as restored:
        assert [again(restored, name, day) for day in days] == first
    busy = [day for day in first if day.decisions]
    assert len(busy) >= DAYS - 1
    assert len({day.stored_hash for day in busy}) == len(busy)
    with database.transaction() as connection:
        rows = connection.execute(
            "select (select count(*) from trading.risk_decisions) as decisions,"
            " (select count(*) from trading.orders where attempt = 1) as orders"
        ).fetchone()
    assert rows == {"decisions": sum(day.decisions for day in first), "orders": sum(day.orders for day in first)}
    assert rows is not None
    assert rows["orders"] > DAYS

    # An order that is not the one that was asked for breaks its day, and no other.
    with database.transaction() as connection:
        row = connection.execute(
            "select client_id, created_at from trading.orders order by created_at, client_id offset 20 limit 1"
        ).fetchone()
    assert row is not None
    plant_in(database.url, f"update trading.orders set quantity = quantity * 2 where client_id = '{row['client_id']}'")
    broken = [day for day in days if again(database, name, day).broken]
    assert broken == [max(day for day in days if day <= row["created_at"])]
