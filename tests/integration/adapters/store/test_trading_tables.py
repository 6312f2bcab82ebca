"""What the database itself refuses: the last line of defence of orders, ledger, audit and leases."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import psycopg
import pytest

from adapters.store import accounts, audit, fills, gates, heartbeats, ledger, orders, situations, symbols
from adapters.store.database import Connection, Database
from tests.integration.adapters.store.migrated import AT, BOOK, STRATEGY, SYMBOL, accept, decide, intent, request
from tests.unit.trading.made import INSTRUMENT
from trading.accounting.journal import Journal, Line, deposit
from trading.accounting.journal import fill as journal_of
from trading.errors import BadData
from trading.fill import Fill
from trading.market.clean import Finding
from trading.order import Leg, Order, OrderState, Side

D = Decimal
S = OrderState


def trade(number: int, order: Order, quantity: str = "2") -> Fill:
    ids = (str(number), "77", order.client_id)
    return Fill("venue", SYMBOL, *ids, Side.BUY, D(100), D(quantity), D("0.002"), "BTC", AT)


# ledger -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "table", ["trading.ledger_entries", "trading.journals", "trading.fills", "trading.order_events", "ops.audit_events"]
)
@pytest.mark.parametrize("change", ["update {} set book = 'other'", "delete from {}", "truncate {} cascade"])
def test_history_is_append_only(db: Database, table: str, change: str):
    with db.transaction() as connection:
        made = intent(connection, INSTRUMENT)
        fills.add(connection, BOOK, [trade(1, made)], AT)
        audit.record(connection, AT, "test", "kind", "ref", {})
    column = {"trading.order_events": "client_id", "ops.audit_events": "actor"}.get(table, "book")
    with pytest.raises(psycopg.errors.RestrictViolation, match="append-only"), db.transaction() as connection:
        connection.execute(change.format(table).replace("book", column))  # pyright: ignore[reportArgumentType, reportCallIssue]


def test_a_journal_that_does_not_sum_to_zero_is_refused_at_commit(db: Database):
    wrong = Journal("wrong", "DEPOSIT", BOOK, (Line("cash", "USDT", D(1)), Line("capital", "USDT", D("-1.00000001"))))
    with (
        pytest.raises(psycopg.errors.CheckViolation, match=r"does not balance: -0\.00000001 USDT"),
        db.transaction() as c,
    ):
        ledger.post(c, wrong, BOOK, STRATEGY, SYMBOL, AT)
    with db.transaction() as connection:
        assert ledger.owned(connection, BOOK) == {}


def test_a_journal_goes_in_whole(db: Database):
    insert = (
        "insert into trading.ledger_entries select 'wrong', n, %s, %s, %s, 'cash', 'USDT', 0"
        " from generate_series(%s::int, %s) as n"
    )
    with db.transaction() as connection:
        connection.execute("insert into trading.journals values ('wrong', %s, 'DEPOSIT', %s, %s)", (BOOK, BOOK, AT))
        connection.execute(insert, (BOOK, STRATEGY, SYMBOL, 0, 1))
    with pytest.raises(psycopg.errors.CheckViolation, match="journal wrong gets lines without its first"):  # noqa: SIM117
        with db.transaction() as connection:
            connection.execute(insert, (BOOK, STRATEGY, SYMBOL, 2, 3))


def test_a_journal_is_posted_once_and_balances_follow(db: Database):
    with db.transaction() as connection:
        entry = deposit(BOOK, STRATEGY, SYMBOL, "USDT", D("10.5"))
        for _ in range(2):
            ledger.post(connection, entry, BOOK, STRATEGY, SYMBOL, AT)
        assert ledger.owned(connection, BOOK) == {"USDT": D("10.5")}
        assert ledger.imbalance(connection, BOOK) == 0
        assert ledger.ask_held(connection, "nobody")() == ledger.Held()


def test_funds_are_split_in_whole_cents_and_nothing_is_lost(db: Database):
    owners = [(f"strategy{n}", SYMBOL) for n in range(3)]
    with db.transaction() as connection:
        accounts.fund(connection, BOOK, owners, "USDT", D(100), AT)
        assert ledger.owned(connection, BOOK) == {"USDT": D(100)}
        loaded = situations.load(connection, BOOK, "strategy0", INSTRUMENT).account
        assert (loaded.cash, loaded.peak_equity, loaded.entry_gate_open) == (D("33.33"), D("33.33"), True)


# orders -----------------------------------------------------------------------------------------------------------


def test_orders_are_moved_by_compare_and_set(db: Database):
    with db.transaction() as connection:
        made = intent(connection, INSTRUMENT, epoch=3)
        assert orders.get(connection, made.client_id) == made
        assert not orders.mark_sending(connection, made, AT, 3000, epoch=2)
        assert orders.mark_sending(connection, made, AT, 3000, epoch=3)
        assert not orders.mark_sending(connection, made, AT, 3000, epoch=3)
        # read before it was sent
        assert not orders.move(connection, made, S.CANCELED, AT)
        sending = orders.get(connection, made.client_id)
        assert sending is not None
        assert (sending.state, sending.sent_at, sending.recv_window_ms) == (S.SENDING, AT, 3000)
        # of another epoch
        assert not orders.move(connection, replace(sending, epoch=2), S.ACKED, AT)
        orders.adopt(connection, BOOK, 4)
        assert not orders.move(connection, sending, S.ACKED, AT)
        assert orders.move(connection, replace(sending, epoch=4), S.ACKED, AT, venue_order_id="77")
        with pytest.raises(BadData, match="cannot become"):
            orders.move(connection, replace(sending, state=S.FILLED), S.ACKED, AT)
        assert [order.client_id for order in orders.find(connection, BOOK, SYMBOL, ["77", "78"]).values()] == [
            made.client_id
        ]
        events = connection.execute(
            "select from_state, to_state from trading.order_events order by event_id"
        ).fetchall()
    assert [(row["from_state"], row["to_state"]) for row in events] == [
        (None, "INTENT"),
        ("INTENT", "SENDING"),
        ("SENDING", "ACKED"),
    ]


def test_terminal_orders_are_not_adopted_and_late_fills_are_still_counted(db: Database):
    with db.transaction() as connection:
        made = intent(connection, INSTRUMENT)
        assert orders.move(connection, made, S.CANCELED, AT)
        orders.adopt(connection, BOOK, 9)
        orders.add_filled(connection, made.client_id, D(2))
        after = orders.get(connection, made.client_id)
        assert after is not None
        assert (after.epoch, after.filled, after.remaining) == (1, D(2), D(3))
        assert orders.living(connection, BOOK) == []


def test_a_second_living_attempt_is_refused_and_one_after_a_proof_is_not(db: Database):
    with db.transaction() as connection:
        intent(connection, INSTRUMENT)
    for attempt in (1, 2):
        with pytest.raises(psycopg.errors.UniqueViolation), db.transaction() as connection:
            orders.create(connection, request(), attempt, 1, AT)
    for proof in ("ABSENT", "REJECTED"):
        with db.transaction() as connection:
            connection.execute("update trading.orders set state = %s", (proof,))
            following = orders.create(connection, request(), 2, 1, AT)
            assert following.client_id.endswith("-a2")
            connection.conclude()
            connection.rollback()
    for end in ("FILLED", "CANCELED", "EXPIRED"):
        with db.transaction() as connection:
            connection.execute("update trading.orders set state = %s", (end,))
        with pytest.raises(psycopg.errors.UniqueViolation), db.transaction() as connection:
            orders.create(connection, request(), 2, 1, AT)


def test_an_order_needs_its_decision_and_a_decision_its_signal(db: Database):
    with pytest.raises(psycopg.errors.ForeignKeyViolation), db.transaction() as connection:
        orders.create(connection, request(), 1, 1, AT)
    with pytest.raises(psycopg.errors.ForeignKeyViolation), db.transaction() as connection:
        decide(connection)


# fills ------------------------------------------------------------------------------------------------------------


def test_a_trade_is_booked_once_and_never_with_other_numbers(db: Database):
    with db.transaction() as connection:
        made = intent(connection, INSTRUMENT)
        assert fills.add(connection, BOOK, [trade(1, made), trade(2, made)], AT) == {"1", "2"}
        again = [trade(number, made) for number in (1, 2, 3)]
        assert fills.add(connection, BOOK, again, AT + timedelta(hours=1)) == {"3"}
        assert fills.add(connection, BOOK, [], AT) == set()
        assert fills.recorded(connection, BOOK, [trade(1, made), trade(2, made, "3")]) == {
            trade(1, made): made.client_id
        }
        assert fills.recorded(connection, BOOK, []) == {}
        assert fills.watermark(connection, BOOK, SYMBOL) is None
        fills.set_watermark(connection, BOOK, SYMBOL, "9")
        fills.set_watermark(connection, BOOK, SYMBOL, "10")
        assert fills.watermark(connection, BOOK, SYMBOL) == "10"


# sub-accounts -----------------------------------------------------------------------------------------------------


def stop(connection: Connection, number: int, level: str, state: str, filled: str = "0") -> None:
    decide(connection, number)
    key = replace(request().key, decision_no=number, leg=Leg.STOP)
    order = orders.create(connection, replace(request(Leg.STOP, level), key=key), 1, 1, AT + timedelta(minutes=number))
    connection.execute(
        "update trading.orders set state = %s, filled = %s where client_id = %s", (state, D(filled), order.client_id)
    )


def floor_of(connection: Connection) -> Decimal | None:
    return situations.load(connection, BOOK, STRATEGY, INSTRUMENT).account.stop_floor


def test_the_floor_of_the_stop_lives_as_long_as_its_position(db: Database):
    with db.transaction() as connection:
        accept(connection)
        assert floor_of(connection) is None
        stop(connection, 1, "90", "CANCELED")
        assert floor_of(connection) == D(90)
        stop(connection, 2, "95", "ACKED")
        assert floor_of(connection) == D(95)
        stop(connection, 3, "99", "REJECTED")
        stop(connection, 4, "98", "ABSENT")
        assert floor_of(connection) == D(95)
        # the raised stop fills: the position is over, and so is the older stop that it replaced
        connection.execute("update trading.orders set state = 'FILLED', filled = 5 where stop_price = 95")
        assert floor_of(connection) is None
        stop(connection, 5, "80", "ACKED")
        assert floor_of(connection) == D(80)
        decide(connection, 6, target="0")
        connection.execute(
            "update trading.risk_decisions set decided_at = %s where decision_no = 6", (AT + timedelta(hours=1),)
        )
        assert floor_of(connection) is None


def entry(connection: Connection, number: int, price: str, filled: str) -> None:
    decide(connection, number)
    key = replace(request().key, decision_no=number)
    made = replace(request(), key=key, reference_price=D(price))
    order = orders.create(connection, made, 1, 1, AT + timedelta(minutes=number))
    connection.execute(
        "update trading.orders set state = 'FILLED', filled = %s where client_id = %s", (D(filled), order.client_id)
    )


def test_legs_are_the_entries_that_have_filled_since_nothing_was_to_be_held(db: Database):
    def legs() -> tuple[int, Decimal | None]:
        account = situations.load(connection, BOOK, STRATEGY, INSTRUMENT).account
        return account.legs, account.leg_price

    with db.transaction() as connection:
        accept(connection)
        assert legs() == (0, None)
        entry(connection, 1, "90", "1")
        entry(connection, 3, "95", "2")
        entry(connection, 4, "97", "0")
        assert legs() == (2, D(95))
        decide(connection, 5, target="0")
        connection.execute(
            "update trading.risk_decisions set decided_at = %s where decision_no = 5", (AT + timedelta(minutes=3),)
        )
        assert legs() == (0, None)
        entry(connection, 6, "99", "1")
        assert legs() == (1, D(99))
        stop(connection, 7, "80", "FILLED", "1")
        sold = connection.execute("select client_id from trading.orders where leg = 'stop'").fetchone()
        assert sold is not None
        made = orders.get(connection, sold["client_id"])
        assert made is not None
        fills.add(connection, BOOK, [replace(trade(1, made), ts=AT + timedelta(minutes=8))], AT)
        assert legs() == (0, None)
        entry(connection, 9, "70", "1")
        assert legs() == (1, D(70))


def test_refusals_of_the_present_signal_are_counted_but_not_attempts_that_were_followed(db: Database):
    def refused() -> int:
        return situations.load(connection, BOOK, STRATEGY, INSTRUMENT).account.refused

    with db.transaction() as connection:
        made = intent(connection, INSTRUMENT)
        assert refused() == 0
        connection.execute("update trading.orders set state = 'REJECTED'")
        assert refused() == 1
        orders.create(connection, made.request, 2, 1, AT)
        assert refused() == 0
        connection.execute("update trading.orders set state = 'EXPIRED' where attempt = 2")
        assert refused() == 1
        connection.execute("update trading.orders set filled = 1 where attempt = 2")
        assert refused() == 0
        connection.execute("update trading.orders set state = 'REJECTED', filled = 0 where attempt = 2")
        assert refused() == 1
        accept(connection, "newer", "2026-03-01T12:30:00+00:00")
        assert refused() == 0


def test_what_closes_the_gate_in_the_order_of_weight(db: Database):
    def gate() -> tuple[bool, str]:
        return accounts.gate(connection, BOOK, "venue", SYMBOL)

    with db.transaction() as connection:
        assert gate() == (True, "")
        keys = {"book": BOOK, "venue": "venue", "timeframe": "1h"}
        found = Finding("gap", blocking=True, count=1, first_ts=AT, last_ts=AT, detail="a bar is missing")
        gates.write(connection, keys, SYMBOL, [found], AT, "run", AT)
        assert gate() == (False, "gap a bar is missing")
        made = intent(connection, INSTRUMENT)
        connection.execute("update trading.orders set state = 'UNKNOWN'")
        assert gate() == (False, f"order {made.client_id} is UNKNOWN")
        symbols.set_state(connection, BOOK, SYMBOL, "HALTED", "why", AT)
        assert gate() == (False, "symbol HALTED why")
        connection.execute("insert into trading.halts (book, reason, actor, at) values ('book', 'kill', 'me', now())")
        assert gate() == (False, "halt kill")
        assert accounts.gate(connection, "other", "venue", SYMBOL) == (True, "")
        connection.execute("update trading.halts set lifted_at = now()")
        symbols.set_state(connection, BOOK, SYMBOL, "OPEN", "", AT)
        connection.execute("update trading.orders set state = 'ACKED'")
        gates.write(connection, keys, SYMBOL, [], AT, "run", AT)
        assert gate() == (True, "")
        heartbeats.beat(connection, "collector", BOOK, {})
        connection.execute("update ops.heartbeats set at = clock_timestamp() - interval '4 s'")
        assert gate() == (True, "")
        connection.execute("update ops.heartbeats set at = clock_timestamp() - interval '6 s'")
        assert gate() == (False, "collector silent")
        heartbeats.beat(connection, "collector", BOOK, {})
        assert gate() == (True, "")
        assert symbols.in_state(connection, BOOK, "OPEN") == [SYMBOL]


def test_a_fill_is_seen_in_the_sub_account(db: Database):
    with db.transaction() as connection:
        made = intent(connection, INSTRUMENT)
        ledger.post(connection, journal_of(BOOK, trade(1, made), INSTRUMENT), BOOK, STRATEGY, SYMBOL, AT)
        loaded = situations.load(connection, BOOK, STRATEGY, INSTRUMENT).account
    assert (loaded.cash, loaded.reserved_cash) == (D(490), D(310))
    assert (loaded.position, loaded.reserved_position) == (D("1.998"), D(0))
    assert loaded.equity(D(100)) == D("999.8")
    assert [order.client_id for order in loaded.working] == [made.client_id]
