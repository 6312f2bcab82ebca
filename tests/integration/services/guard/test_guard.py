"""The guard against a real database: it stays silent on sound trading, and stops what nothing explains."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from adapters.bus.signal_topic import Record
from adapters.exchange.mass_cancel import Working
from adapters.store import accounts, audit_chain, books, dead_letters, halt_files, halts, heartbeats
from adapters.store.anchors import AnchorFile
from adapters.store.database import Connection, Database
from services.guard.anchoring import EVERY_SECONDS
from services.guard.guard import GRACE_SECONDS, Guard
from services.guard.main import ROUND_SECONDS
from services.guard.strays import LAG_SECONDS, LOOK_SECONDS
from services.guard.watch import MOST_ORDERS_PER_QUOTE_AND_MINUTE, MOST_ORDERS_PER_SIGNAL_AND_MINUTE
from trading.ports import Known, Unreachable

BOOK, VENUE, BTC, ETH = "local", "random-7", "BTC/USDT", "ETH/USDT"


def now() -> datetime:
    """The time on which the guard counts; asked in each test, for a whole suite outlasts its windows."""
    return datetime.now(UTC)  # noqa: TID251


class FakeCanceller:
    def __init__(self) -> None:
        self.asked: list[str] = []
        self.working: list[Working] = []
        self.reachable = True

    def open_orders(self) -> Known[list[Working]] | Unreachable:
        return Known(self.working) if self.reachable else Unreachable("no answer")

    def cancel_all(self, symbol: str) -> Known[int] | Unreachable:
        self.asked.append(symbol)
        return Known(1) if self.reachable else Unreachable("no answer")


@pytest.fixture
def store(database: str) -> Iterator[Database]:
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
def guard(store: Database, canceller: FakeCanceller, tmp_path: Path) -> Guard:
    return Guard(store, BOOK, [BTC, ETH], canceller, tmp_path)


def accept(
    connection: Connection, signal: str, symbol: str = BTC, *, status: str = "ACCEPTED", quotes: int = 0
) -> None:
    body: dict[str, object] = {"quotes": [["BUY", "1", "0.1"]] * quotes} if quotes else {}
    body |= {
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


def halted(store: Database) -> list[tuple[str | None, str]]:
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
    assert (halted(store), audit(store, "alarm"), canceller.asked) == ([], [], [])


@pytest.mark.parametrize(("status", "verdict"), [("EXPIRED", "TRADE"), ("ACCEPTED", "HOLD")])
def test_an_order_that_rests_on_nothing_halts_its_symbol(
    store: Database, guard: Guard, canceller: FakeCanceller, status: str, verdict: str
) -> None:
    with store.transaction() as connection:
        accept(connection, "s1", status=status)
        decided(connection, "s1", 1, verdict=verdict)
        order(connection, "s1", 1)
    guard.turn(0.0)
    assert halted(store) == [(BTC, "guard")]
    assert canceller.asked == [BTC]
    with store.transaction() as connection:
        assert accounts.gate(connection, BOOK, VENUE, BTC)[0] is False
        assert accounts.gate(connection, BOOK, VENUE, ETH)[0] is True
    guard.turn(1.0)
    assert (halted(store), canceller.asked) == ([(BTC, "guard")], [BTC])


def test_a_signal_that_runs_wild_halts_its_symbol(store: Database, guard: Guard) -> None:
    with store.transaction() as connection:
        accept(connection, "s1")
        for number in range(1, MOST_ORDERS_PER_SIGNAL_AND_MINUTE + 2):
            decided(connection, "s1", number)
            order(connection, "s1", number)
    guard.turn(0.0)
    assert (BTC, "guard") in halted(store)


@pytest.mark.parametrize(("more", "halts"), [(0, False), (1, True)])
def test_a_signal_of_quotes_may_have_more_orders(store: Database, guard: Guard, more: int, halts: bool) -> None:
    quotes = 5
    with store.transaction() as connection:
        accept(connection, "s1", quotes=quotes)
        accept(connection, "s2", ETH)
        for number in range(MOST_ORDERS_PER_SIGNAL_AND_MINUTE + MOST_ORDERS_PER_QUOTE_AND_MINUTE * quotes + more):
            decided(connection, "s1", number + 1)
            order(connection, "s1", number + 1)
    guard.turn(0.0)
    assert bool(halted(store)) is halts


def test_orders_of_long_ago_do_not_count(store: Database, guard: Guard) -> None:
    old = now() - timedelta(minutes=10)
    with store.transaction() as connection:
        accept(connection, "s1")
        for number in range(1, MOST_ORDERS_PER_SIGNAL_AND_MINUTE + 2):
            decided(connection, "s1", number)
            order(connection, "s1", number, created_at=old, updated_at=old)
    guard.turn(0.0)
    assert halted(store) == []


def test_a_book_that_runs_wild_is_halted_whole(store: Database, guard: Guard, canceller: FakeCanceller) -> None:
    with store.transaction() as connection:
        for number in range(1, 9):
            accept(connection, f"s{number}")
            decided(connection, f"s{number}", 1)
            order(connection, f"s{number}", 1)
    guard.turn(0.0)
    assert halted(store) == [(None, "guard")]
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


def test_dead_letters_raise_an_alarm_until_they_are_replayed(store: Database, guard: Guard) -> None:
    def bury(offset: int) -> None:
        with store.transaction() as connection:
            beats(connection)
            dead_letters.bury(connection, "cluster", Record("signals", 0, offset, b"garbage", None), "no JSON")

    bury(1)
    bury(2)
    guard.turn(0.0)
    guard.turn(GRACE_SECONDS)
    guard.turn(2 * GRACE_SECONDS)
    assert audit(store, "alarm") == ["dead letter 2"]
    bury(3)
    guard.turn(3 * GRACE_SECONDS)
    guard.turn(4 * GRACE_SECONDS)
    assert audit(store, "alarm") == ["dead letter 2", "dead letter 3"]
    with store.transaction() as connection:
        beats(connection)
        for letter in dead_letters.find(connection):
            dead_letters.add_replay(connection, letter, "tester", "cluster", (0, 10 + letter.letter_id))
    guard.turn(5 * GRACE_SECONDS)
    with store.transaction() as connection:
        row = connection.execute("select detail from ops.heartbeats where service = 'guard'").fetchone()
    assert row == {"detail": {"doubts": [], "alarms": []}}


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
    assert halted(store) == [(None, "guard")]


def test_halts_and_alarms_come_in_time() -> None:
    """A halt is seen within a round, an unprotected position is alarmed within ten seconds of being so."""
    assert ROUND_SECONDS <= 0.5
    assert GRACE_SECONDS + 2 * ROUND_SECONDS < 10


def test_an_open_order_that_our_table_does_not_know_halts_its_symbol(
    store: Database, guard: Guard, canceller: FakeCanceller
) -> None:
    canceller.working = [Working(ETH, "tw-stranger-a1")]
    guard.turn(0.0)
    assert halted(store) == [(ETH, "guard")]
    assert canceller.asked == [ETH]
    canceller.working = [Working("DOGE/USDT", "tw-stranger-a1")]
    guard.turn(LOOK_SECONDS)
    assert halted(store) == [(ETH, "guard"), (None, "guard")]


def test_an_open_order_that_has_ended_for_us_halts_when_the_venue_goes_on_to_show_it(
    store: Database, guard: Guard, canceller: FakeCanceller
) -> None:
    with store.transaction() as connection:
        accept(connection, "s1")
        decided(connection, "s1", 1)
        order(connection, "s1", 1, client_id="tw-1", state="CANCELED")
        beats(connection)
    canceller.working = [Working(BTC, "tw-1")]
    guard.turn(0.0)
    canceller.working = []
    guard.turn(LAG_SECONDS)
    canceller.working = [Working(BTC, "tw-1")]
    guard.turn(2 * LAG_SECONDS)
    assert halted(store) == []
    guard.turn(3 * LAG_SECONDS)
    assert halted(store) == [(BTC, "guard")]


def test_open_orders_that_are_ours_and_working_are_left_alone(
    store: Database, guard: Guard, canceller: FakeCanceller
) -> None:
    with store.transaction() as connection:
        accept(connection, "s1")
        decided(connection, "s1", 1)
        order(connection, "s1", 1, client_id="tw-1", state="ACKED")
        beats(connection)
    canceller.working = [Working(BTC, "tw-1")]
    for moment in (0.0, LAG_SECONDS, 2 * LAG_SECONDS):
        guard.turn(moment)
        with store.transaction() as connection:
            beats(connection)
    assert (halted(store), canceller.asked) == ([], [])


def test_a_venue_that_does_not_tell_is_a_doubt_and_a_foreign_order_an_alarm(
    store: Database, guard: Guard, canceller: FakeCanceller
) -> None:
    with store.transaction() as connection:
        beats(connection)
    canceller.reachable = False
    guard.turn(0.0)
    guard.turn(GRACE_SECONDS)
    canceller.reachable, canceller.working = True, [Working(BTC, "by-hand")]
    guard.turn(GRACE_SECONDS + 2)
    guard.turn(GRACE_SECONDS * 2 + 2)
    assert audit(store, "alarm") == ["venue silent", "foreign order by-hand"]
    assert (halted(store), canceller.asked) == ([], [])


@pytest.mark.parametrize("leg", ["entry", "bid2", "ask1"])
def test_what_was_on_its_way_is_cancelled_when_it_arrives(
    store: Database, guard: Guard, canceller: FakeCanceller, leg: str
) -> None:
    with store.transaction() as connection:
        accept(connection, "s1")
        decided(connection, "s1", 1)
        order(connection, "s1", 1, client_id="tw-1", leg=leg, state="SENDING")
        order(connection, "s1", 1, client_id="tw-2", leg="stop", state="ACKED", stop_price=Decimal(1))
        halts.add(connection, BOOK, BTC, "stop", "anna")
    guard.turn(0.0)
    assert canceller.asked == [BTC]
    canceller.working = [Working(BTC, "tw-2")]
    guard.turn(LOOK_SECONDS)
    guard.turn(LOOK_SECONDS)
    assert canceller.asked == [BTC]
    canceller.working = [Working(BTC, "tw-1"), Working(BTC, "tw-2")]
    guard.turn(LOOK_SECONDS * 2)
    guard.turn(LOOK_SECONDS * 2)
    assert canceller.asked == [BTC, BTC]
    assert audit(store, "halt_enforced") == ["1", BTC]


def test_one_symbol_that_cannot_be_asked_for_does_not_keep_the_others_working(
    store: Database, guard: Guard, canceller: FakeCanceller, monkeypatch: pytest.MonkeyPatch
) -> None:
    cancel = canceller.cancel_all

    def broken(symbol: str) -> Known[int] | Unreachable:
        if symbol == BTC:
            raise ZeroDivisionError
        return cancel(symbol)

    monkeypatch.setattr(canceller, "cancel_all", broken)
    with store.transaction() as connection:
        halt_id = halts.add(connection, BOOK, None, "stop", "anna")
    assert halt_id is not None
    guard.turn(0.0)
    assert canceller.asked == [ETH]
    with store.transaction() as connection:
        assert not halts.enforced(connection, halt_id)
        monkeypatch.setattr(canceller, "cancel_all", cancel)
    guard.turn(1.0)
    with store.transaction() as connection:
        assert halts.enforced(connection, halt_id)


def test_a_halt_that_no_database_took_becomes_a_row(
    store: Database, guard: Guard, canceller: FakeCanceller, tmp_path: Path
) -> None:
    paths = [
        halt_files.drop(tmp_path, BOOK, symbol, "the database is down", actor, now().isoformat())
        for symbol, actor in ((ETH, "anna"), (ETH, "anna"), ("DOGE/USDT", "ben"))
    ]
    assert len(set(paths)) == 3
    other = halt_files.drop(tmp_path, "another", None, "not ours", "anna", now().isoformat())
    (tmp_path / "halt" / f"{BOOK}.torn.json").write_text('{"symbol": "ET')
    guard.turn(0.0)
    assert sorted(halted(store), key=str) == [("ETH/USDT", "anna"), (None, "ben"), (None, "guard")]
    assert list((tmp_path / "halt").iterdir()) == [other]
    assert sorted(set(canceller.asked)) == [BTC, ETH]
    assert len(audit(store, "halted")) == 3


def test_the_chain_is_anchored_each_minute_and_at_a_halt(
    store: Database, guard: Guard, canceller: FakeCanceller, tmp_path: Path
) -> None:
    file = AnchorFile(tmp_path)
    guard.turn(0.0)
    assert file.read() == []
    assert not file.path.exists()
    with store.transaction() as connection:
        halts.add(connection, BOOK, ETH, "stop", "anna")
    guard.turn(1.0)
    guard.turn(1.5)
    assert [anchor.seq for anchor in file.read()] == [1]
    with store.transaction() as connection:
        head = audit_chain.newest(connection)
        assert head is not None
        assert audit_chain.holds(connection, file.read()[0])
    guard.turn(2.0)
    guard.turn(1.0 + EVERY_SECONDS)
    assert [anchor.seq for anchor in file.read()] == [1]
    guard.turn(GRACE_SECONDS + 100)
    guard.turn(GRACE_SECONDS + 200)
    anchors = file.read()
    assert [anchor.seq for anchor in anchors] == [1, 2]
    lines = [json.loads(line) for line in file.path.read_text().splitlines()]
    assert set(lines[0]) == {"seq", "hash", "at", "mark"}


def test_a_chain_that_left_its_anchor_is_an_alarm_and_gets_no_new_one(
    store: Database, guard: Guard, tmp_path: Path
) -> None:
    file = AnchorFile(tmp_path)
    file.add(7, "f" * 64, now().isoformat())
    with store.transaction() as connection:
        halts.add(connection, BOOK, ETH, "stop", "anna")
        beats(connection)
    for moment in (0.0, GRACE_SECONDS):
        guard.turn(moment)
    assert audit(store, "alarm") == ["audit chain"]
    assert len(file.read()) == 1
