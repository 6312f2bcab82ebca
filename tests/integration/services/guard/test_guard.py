"""The guard against a real database: it stays silent on sound trading, and stops what nothing explains."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from adapters.store import accounts, books, heartbeats
from adapters.store.database import Connection, Database
from adapters.store.migrate import migrate
from services.guard.guard import GRACE_SECONDS, Guard
from services.guard.watch import MOST_ORDERS_PER_SIGNAL_AND_MINUTE
from trading.ports import Known, Unreachable

BOOK, VENUE, BTC, ETH = "local", "random-7", "BTC/USDT", "ETH/USDT"


def now() -> datetime:
    """The time on which the guard counts; asked in each test, for a whole suite outlasts its windows."""
    return datetime.now(UTC)  # noqa: TID251


class FakeCanceller:
    def __init__(self) -> None:
        self.asked: list[str] = []
        self.reachable = True

    def cancel_all(self, symbol: str) -> Known[int] | Unreachable:
        self.asked.append(symbol)
        return Known(1) if self.reachable else Unreachable("no answer")


@pytest.fixture
def store(database: str) -> Iterator[Database]:
    migrate(database)
    with Database(database, size=2) as opened:
        with opened.transaction() as connection:
            books.open_book(connection, BOOK, {"venue": VENUE, "symbols": [BTC, ETH]}, 0)
            connection.execute("insert into trading.limits (parameters, author, reason) values ('{}', 't', 't')")
            for symbol in (BTC, ETH):
                connection.execute(
                    "insert into market.instruments values (%s, %s, %s, 'USDT', 0.01, 0.00001, 0.00001, 5, 0.001,"
                    " 0.001, 'TRADING', %s, 'run', '1')",
                    (VENUE, symbol, symbol[:3], now()),
                )
        yield opened


@pytest.fixture
def canceller() -> FakeCanceller:
    return FakeCanceller()


@pytest.fixture
def guard(store: Database, canceller: FakeCanceller) -> Guard:
    return Guard(store, BOOK, [BTC, ETH], canceller)


def accept(connection: Connection, signal: str, symbol: str = BTC, *, status: str = "ACCEPTED") -> None:
    body = {
        "strategy": "follow_forecast",
        "symbol": symbol,
        "stop": "0.01",
        "reference_price": "50000",
        "decided_at": now().isoformat(),
    }
    connection.execute(
        "insert into trading.inbox values (%s, %s, 'h', %s, %s, '', %s, 'c', 't', 0, 0)",
        (signal, BOOK, Jsonb(body), status, now()),
    )


def decided(connection: Connection, signal: str, number: int, symbol: str = BTC, verdict: str = "TRADE") -> None:
    connection.execute(
        "insert into trading.risk_decisions values (%s, %s, %s, 'follow_forecast', %s, 'signal', %s, '', 0, 0, '{}',"
        " 'h', (select max(version) from trading.limits), %s)",
        (signal, number, BOOK, symbol, verdict, now()),
    )


def order(connection: Connection, signal: str, number: int, symbol: str = BTC, **changes: Any) -> None:
    row = {
        "client_id": f"{signal}-{number}",
        "signal_id": signal,
        "decision_no": number,
        "leg": "entry",
        "attempt": 1,
        "book": BOOK,
        "strategy": "follow_forecast",
        "venue": VENUE,
        "symbol": symbol,
        "side": "BUY",
        "type": "MARKET",
        "quantity": Decimal(1),
        "reference_price": Decimal(50_000),
        "reduce_only": False,
        "state": "FILLED",
        "epoch": 1,
        "created_at": now(),
        "sent_at": now(),
        "updated_at": now(),
        **changes,
    }
    names = ", ".join(row)
    holders = ", ".join(f"%({name})s" for name in row)
    statement = f"insert into trading.orders ({names}) values ({holders})"
    connection.execute(statement, row)  # pyright: ignore[reportArgumentType, reportCallIssue]


def beats(connection: Connection) -> None:
    heartbeats.beat(connection, "execution", BOOK, {})


def halts(store: Database) -> list[tuple[str | None, str]]:
    with store.transaction() as connection:
        rows = connection.execute("select symbol, actor from trading.halts order by halt_id").fetchall()
    return [(row["symbol"], row["actor"]) for row in rows]


def audit(store: Database, kind: str) -> list[str]:
    with store.transaction() as connection:
        rows = connection.execute("select ref from ops.audit_events where kind = %s order by seq", (kind,)).fetchall()
    return [row["ref"] for row in rows]


def test_sound_trading_is_left_alone(store: Database, guard: Guard, canceller: FakeCanceller) -> None:
    with store.transaction() as connection:
        accept(connection, "s1")
        decided(connection, "s1", 1)
        order(connection, "s1", 1)
        beats(connection)
    guard.turn(0.0)
    guard.turn(GRACE_SECONDS + 1)
    assert (halts(store), audit(store, "alarm"), canceller.asked) == ([], [], [])


@pytest.mark.parametrize(("status", "verdict"), [("EXPIRED", "TRADE"), ("ACCEPTED", "HOLD")])
def test_an_order_that_rests_on_nothing_halts_its_symbol(
    store: Database, guard: Guard, canceller: FakeCanceller, status: str, verdict: str
) -> None:
    with store.transaction() as connection:
        accept(connection, "s1", status=status)
        decided(connection, "s1", 1, verdict=verdict)
        order(connection, "s1", 1)
    guard.turn(0.0)
    assert halts(store) == [(BTC, "guard")]
    assert canceller.asked == [BTC]
    with store.transaction() as connection:
        assert accounts.gate(connection, BOOK, VENUE, BTC)[0] is False
        assert accounts.gate(connection, BOOK, VENUE, ETH)[0] is True
    guard.turn(1.0)
    assert (halts(store), canceller.asked) == ([(BTC, "guard")], [BTC])


def test_a_signal_that_runs_wild_halts_its_symbol(store: Database, guard: Guard) -> None:
    with store.transaction() as connection:
        accept(connection, "s1")
        for number in range(1, MOST_ORDERS_PER_SIGNAL_AND_MINUTE + 2):
            decided(connection, "s1", number)
            order(connection, "s1", number)
    guard.turn(0.0)
    assert (BTC, "guard") in halts(store)


def test_orders_of_long_ago_do_not_count(store: Database, guard: Guard) -> None:
    old = now() - timedelta(minutes=10)
    with store.transaction() as connection:
        accept(connection, "s1")
        for number in range(1, MOST_ORDERS_PER_SIGNAL_AND_MINUTE + 2):
            decided(connection, "s1", number)
            order(connection, "s1", number, created_at=old, updated_at=old)
    guard.turn(0.0)
    assert halts(store) == []


def test_a_book_that_runs_wild_is_halted_whole(store: Database, guard: Guard, canceller: FakeCanceller) -> None:
    with store.transaction() as connection:
        for number in range(1, 9):
            accept(connection, f"s{number}")
            decided(connection, f"s{number}", 1)
            order(connection, f"s{number}", 1)
    guard.turn(0.0)
    assert halts(store) == [(None, "guard")]
    assert canceller.asked == [BTC, ETH]


def test_a_position_without_its_stop_raises_one_alarm(store: Database, guard: Guard) -> None:
    with store.transaction() as connection:
        accept(connection, "s1")
        decided(connection, "s1", 1)
        order(connection, "s1", 1)
        connection.execute(
            "insert into trading.balances values (%s, 'follow_forecast', %s, 'position', 'BTC', 1)", (BOOK, BTC)
        )
        beats(connection)
    guard.turn(0.0)
    assert audit(store, "alarm") == []
    for moment in (GRACE_SECONDS, GRACE_SECONDS + 1):
        guard.turn(moment)
    assert audit(store, "alarm") == [f"no stop follow_forecast {BTC}"]
    with store.transaction() as connection:
        decided(connection, "s1", 2)
        order(connection, "s1", 2, leg="stop", side="SELL", state="ACKED", stop_price=Decimal(49_000))
    guard.turn(GRACE_SECONDS + 2)
    with store.transaction() as connection:
        row = connection.execute("select detail from ops.heartbeats where service = 'guard'").fetchone()
    assert row == {"detail": {"doubts": [], "alarms": []}}


def test_silence_of_execution_is_an_alarm(store: Database, guard: Guard) -> None:
    guard.turn(0.0)
    guard.turn(GRACE_SECONDS)
    assert audit(store, "alarm") == ["execution silent"]


def test_a_halt_by_hand_is_enforced_once_the_venue_answers(
    store: Database, guard: Guard, canceller: FakeCanceller
) -> None:
    with store.transaction() as connection:
        connection.execute(
            "insert into trading.halts (book, symbol, reason, actor, at) values (%s, %s, 'stop', 'anna', %s)",
            (BOOK, ETH, now()),
        )
    canceller.reachable = False
    guard.turn(0.0)
    assert audit(store, "halt_enforced") == []
    canceller.reachable = True
    for moment in (1.0, 2.0):
        guard.turn(moment)
    assert len(audit(store, "halt_enforced")) == 1
    assert canceller.asked == [ETH, ETH]


def test_a_guard_that_cannot_judge_halts(store: Database, guard: Guard, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise KeyError("boom")

    monkeypatch.setattr("services.guard.guard.violations", broken)
    guard.turn(0.0)
    assert halts(store) == [(None, "guard")]
