"""One planted violation after the other: exactly the invariants that it breaks go red, and the words say what it is."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from adapters.bus.envelope import seal
from adapters.evidence import money, topic
from adapters.evidence.court import CourtOrder
from adapters.evidence.finding import Violation
from adapters.evidence.history import History, Row
from adapters.evidence.invariants import CHECKS, verify
from tests.unit.adapters.evidence import made
from tests.unit.adapters.evidence.made import BTC, ENTRY, ETH, LOST, REFUSED, STOP, at
from trading.audit import canonical, digest
from trading.order import OrderType

Plant = Callable[[History], History | None]


def order(history: History, client_id: str) -> Row:
    return next(row for row in history.orders if row["client_id"] == client_id)


def at_venue(history: History, client_id: str) -> CourtOrder:
    return next(one for one in history.court.orders if one.client_id == client_id)


def events(history: History, client_id: str) -> list[Row]:
    return [row for row in history.events if row["client_id"] == client_id]


def accept(history: History, client_id: str, symbol: str = ETH, seconds: float = 102) -> None:
    history.court.orders.append(CourtOrder("9", client_id, symbol, OrderType.LIMIT, Decimal(2), False, 99, at(seconds)))


def accepted_twice(history: History) -> None:
    twin = replace(at_venue(history, ENTRY), order_id="77", number=99)
    history.court.orders.append(twin)


def second_attempt_accepted(history: History) -> None:
    post = replace(history.court.posts[0], number=98)
    post.params = post.params | {"newClientOrderId": ENTRY[:-1] + "2"}
    history.court.requests.append(post)
    history.court.orders.append(replace(at_venue(history, ENTRY), order_id="78", number=98, client_id=ENTRY[:-1] + "2"))


def posted_without_a_row(history: History) -> None:
    post = replace(history.court.posts[0], number=98)
    post.params = post.params | {"newClientOrderId": "tw-nobody-a1"}
    history.court.requests.append(post)


def sent_earlier(history: History) -> None:
    order(history, ENTRY)["sent_at"] -= timedelta(milliseconds=1)
    events(history, ENTRY)[1]["at"] -= timedelta(milliseconds=1)


def wide_window(history: History) -> None:
    order(history, ENTRY)["recv_window_ms"] = 6000
    history.court.posts[0].params["recvWindow"] = "6000"


def accepted_late(history: History) -> None:
    at_venue(history, STOP).at += timedelta(seconds=4)


def back_from_the_end(history: History) -> None:
    last = events(history, ENTRY)[-1]
    history.events.append(last | {"from_state": "FILLED", "to_state": "ACKED"})
    history.events.append(last | {"from_state": "ACKED", "to_state": "FILLED"})


def refused_without_proof(history: History) -> None:
    order(history, REFUSED)["outcome_code"] = "-1007"


def refused_but_accepted(history: History) -> None:
    at_venue(history, "by-hand").client_id = REFUSED


def entry_beside_a_doubt(history: History) -> None:
    index = next(i for i, row in enumerate(history.events) if (row["client_id"], row["to_state"]) == (LOST, "ABSENT"))
    history.events.append(history.events.pop(index))


def absent_too_early(history: History) -> None:
    event = events(history, LOST)[-1]
    event["at"] = at(101) + timedelta(seconds=17)


def absent_but_accepted(history: History) -> None:
    accept(history, LOST)
    history.court.requests.append(replace(history.court.posts[0], number=99))
    history.court.requests[-1].params = history.court.posts[0].params | {
        "newClientOrderId": LOST,
        "symbol": "ETHUSDT",
        "quantity": "2",
        "timestamp": str(made.ms(at(101))),
    }


def strange_id(history: History) -> None:
    for row in (*history.orders, *history.events, *history.journals):
        for name in ("client_id", "ref"):
            if row.get(name) == LOST:
                row[name] = "tw-made-by-chance-a1"


def posted_twice(history: History) -> None:
    history.court.requests.append(replace(history.court.posts[0], number=97))


def other_end(history: History) -> None:
    at_venue(history, STOP).canceled_at = at(600)


def foreign_and_silent(_: History) -> History:
    world = made.world()
    world.request({"type": "LIMIT", "quantity": "1", "newClientOrderId": "by-night"}, made.SOL, 410)
    return world.history()


def ours_as_a_strangers(history: History) -> None:
    index = next(number for number, fill in enumerate(history.court.fills) if fill.trade_id == "7")
    history.court.fills[index] = replace(history.court.fills[index], client_id=STOP)


def foreign_with_other_fee(history: History) -> None:
    history.foreign_trades[0]["fee"] += Decimal("0.001")


def foreign_adopted(history: History) -> None:
    at_venue(history, "by-hand").client_id = "by-chance"
    history.orders.append(order(history, LOST) | {"client_id": "by-chance", "decision_no": 1})


def more_orders_than_signals(history: History) -> None:
    decision = next(row for row in history.decisions if row["signal_id"] == "s1")
    history.inbox[:] = [
        row | ({"status": "DENIED"} if row["signal_id"] == decision["signal_id"] else {}) for row in history.inbox
    ]


def fill_not_booked(history: History) -> None:
    trade = history.court.fills[0]
    history.court.fills.append(replace(trade, trade_id="2", quantity=Decimal("0.5"), price=Decimal(1), fee=Decimal(0)))


def fill_with_other_price(history: History) -> None:
    history.court.fills[0] = replace(history.court.fills[0], price=Decimal("100.4"))


def booked_from_nowhere(history: History) -> None:
    history.court.fills.clear()


def fill_without_journal(history: History) -> None:
    for row in (*history.journals, *history.entries):
        row["journal_id"] = row["journal_id"].replace("fill:", "something:")


def unbalanced(history: History) -> None:
    entry = next(row for row in history.entries if row["account"] == "market")
    entry["amount"] += Decimal("0.01")


def trigger_missing(history: History) -> None:
    history.guards.remove(("trading.ledger_entries", "append_only"))


def still_reserved(history: History) -> None:
    names = {row["journal_id"] for row in history.journals if row["kind"] == "RELEASE" and row["ref"] == LOST}
    history.journals[:] = [row for row in history.journals if row["journal_id"] not in names]
    history.entries[:] = [row for row in history.entries if row["journal_id"] not in names]
    history.balances[:] = made.balances(history.entries)


def overdrawn(history: History) -> None:
    for row in history.entries:
        if row["account"] in ("cash", "capital") and row["journal_id"] == f"deposit:{made.BOOK}:{made.STRATEGY}:{BTC}":
            row["amount"] /= 100
    history.balances[:] = made.balances(history.entries)
    history.court.deposits["USDT"] -= Decimal(5940)


def venue_holds_less(history: History) -> None:
    history.court.deposits["USDT"] -= 1


def a_float(history: History) -> None:
    history.columns.append(("trading.equity_peaks", "equity", "double precision"))


def other_text_on_the_wire(history: History) -> None:
    history.court.posts[1].params["stopPrice"] = "95.4"


def wrong_balance(history: History) -> None:
    history.balances[0]["amount"] += 1


def miscounted(history: History) -> None:
    order(history, ENTRY)["filled"] = Decimal("0.9")


def inputs_changed(history: History) -> None:
    history.decisions[0]["inputs"]["limits_version"] = 2


def order_nobody_decided(history: History) -> None:
    decision = history.decisions[0]
    decision["inputs"]["requests"][0]["quantity"] = "3"
    decision["inputs_hash"] = digest(decision["inputs"])
    history.audit[:] = [
        row | ({"inputs_hash": decision["inputs_hash"]} if row["ref"] == "s1:1" else {}) for row in history.audit
    ]


def beyond_the_limit(history: History) -> None:
    history.limits[0]["parameters"]["max_order_value"] = "150"


def never_reconciled(history: History) -> None:
    for row in history.audit:
        if (row["kind"], row["ref"]) == ("reconciled", ETH):
            row["xid"] = 10_000


def naked(_: History) -> History:
    world = made.world()
    world.move(STOP, "CANCELED", 700)
    history = world.history()
    at_venue(history, STOP).canceled_at = at(700)
    return history


def gate_ignored(history: History) -> None:
    decision = next(row for row in history.decisions if row["signal_id"] == "s4")
    decision["inputs"]["requests"] = [{"key": {"leg": "entry"}}]
    decision["inputs_hash"] = digest(decision["inputs"])
    for row in history.audit:
        if row["ref"] == "s4:1":
            row["inputs_hash"] = decision["inputs_hash"]


def sent_under_a_halt(history: History) -> None:
    history.halts[0].update(at=at(10_000_000), xid=0)


def sent_under_a_halt_by_the_clock(history: History) -> None:
    history.halts[0]["at"] = at(11)


def sent_under_a_lifted_halt(_: History) -> History:
    world = made.world()
    halt = {"halt_id": 2, "symbol": BTC, "reason": "kill", "at": at(10_000_000), "lifted_at": at(10_000_001)}
    world.rows["halts"].append(halt | {"xid": world.transaction()})
    for kind, xid, payload in (("halt_enforced", 0, {}), ("resumed", world.xid, {"lifted": [2]})):
        world.audit(at(1700), kind, "2", payload, "guard")
        world.rows["audit"][-1]["xid"] = xid
    return world.history()


def sent_after_expiry(history: History) -> History:
    signal = next(row for row in history.inbox if row["signal_id"] == "s2")
    signal["body"]["valid_until"] = at(110).isoformat()
    payload = canonical(signal["body"])
    signal["body_hash"] = hashlib.sha256(payload.encode()).hexdigest()
    next(row for row in history.outbox if row["signal_id"] == "s2")["payload"] = payload
    log = history.log
    assert isinstance(log, topic.Log)
    messages = [replace(one, digest=signal["body_hash"]) if one.signal_id == "s2" else one for one in log.messages]
    return replace(history, log=replace(log, messages=tuple(messages)))


def torn_transaction(history: History) -> None:
    next(row for row in history.journals if row["kind"] == "RESERVE")["xid"] += 1


def offset_behind(history: History) -> None:
    history.offsets[0]["next_offset"] = 2


def other_body(history: History) -> History:
    log = history.log
    assert isinstance(log, topic.Log)
    twin = seal(history.outbox[0]["payload"].replace('"0.05"', '"0.06"'), made.KEY)
    return replace(history, log=replace(log, messages=(*log.messages[:5], topic.message(0, 5, twin))))


def old_owner(history: History) -> None:
    next(row for row in history.events if row["to_state"] == "SENDING")["detail"]["epoch"] = 7


def dropped(history: History) -> None:
    history.dead_letters.clear()


def silent_letter(history: History) -> None:
    history.dead_letters[0]["reason"] = ""


def tail_lost(history: History) -> History:
    log = history.log
    assert isinstance(log, topic.Log)
    return replace(history, log=replace(log, ends={0: (0, 4)}))


def never_published(history: History) -> None:
    history.outbox[0].update(published_at=None, offset_=None)


def out_of_order(history: History) -> None:
    first, second = (row for row in history.outbox if row["signal_id"] in ("s2", "s3"))
    first["offset_"], second["offset_"] = second["offset_"], first["offset_"]


def naive_time(history: History) -> None:
    history.columns.append(("trading.orders", "updated_at", "timestamp without time zone"))


def audit_edited(history: History) -> None:
    history.audit[3]["payload_text"] += " "


def audit_cut(history: History) -> None:
    last = max(number for number, row in enumerate(history.audit) if row["kind"] == "fill")
    del history.audit[last]
    made.chain(history.audit)
    for number, row in enumerate(history.audit, start=1):
        row["seq"] = number
    made.chain(history.audit)


def secret_logged(history: History) -> None:
    history.texts["logs/execution.log"] = f"using {made.KEY}"


def stuck(_: History) -> History:
    world = made.world()
    world.move(STOP, "PENDING_CANCEL", 14)
    return world.history()


def forgotten_trigger(history: History) -> None:
    history.triggers.append({"strategy": made.STRATEGY, "symbol": BTC, "reason": "fill", "at": at(13)})


#: (plant, the invariants that go red, what one of them must say)
PLANTS: list[tuple[Plant, set[str], str]] = [
    (accepted_twice, {"I1", "I13"}, "accepted 2 times"),
    (second_attempt_accepted, {"I1", "I2"}, "accepted 2 times"),
    (posted_without_a_row, {"I2"}, "no such order"),
    (sent_earlier, {"I3"}, "stored"),
    (wide_window, {"I3"}, "5000 allowed"),
    (accepted_late, {"I3"}, "after its timestamp"),
    (back_from_the_end, {"I4"}, "no step of the lifecycle"),
    (refused_without_proof, {"I5"}, "proves nothing"),
    (refused_but_accepted, {"I5"}, "accepted it as"),
    (entry_beside_a_doubt, {"I6"}, "UNKNOWN"),
    (absent_too_early, {"I7"}, "its proof needs"),
    (absent_but_accepted, {"I7"}, "the venue has it"),
    (strange_id, {"I8"}, "its key gives"),
    (posted_twice, {"I9"}, "posted 2 times"),
    (other_end, {"I10"}, "still ACKED, at the venue CANCELED"),
    (foreign_and_silent, {"I12"}, "no record, no alarm"),
    (ours_as_a_strangers, {"I15"}, "booked as a stranger's"),
    (foreign_with_other_fee, {"I15"}, "fee 0.002 here, 0.001 there"),
    (foreign_adopted, {"I4", "I8", "I12"}, "taken for an order of"),
    (more_orders_than_signals, {"I13", "I28"}, "was not accepted"),
    (fill_not_booked, {"I15", "I19"}, "is not booked"),
    (fill_with_other_price, {"I15", "I19"}, "price 100.5 here, 100.4 there"),
    (booked_from_nowhere, {"I15", "I19"}, "no such trade"),
    (fill_without_journal, {"I15"}, "no journal"),
    (unbalanced, {"I16", "I21"}, "off by"),
    (trigger_missing, {"I17"}, "switched off"),
    (still_reserved, {"I18"}, "ABSENT holds"),
    (overdrawn, {"I18"}, "overdrawn"),
    (venue_holds_less, {"I19"}, "off by 1"),
    (a_float, {"I20"}, "double precision"),
    (other_text_on_the_wire, {"I20"}, "95.4"),
    (wrong_balance, {"I21"}, "recomputed"),
    (miscounted, {"I10", "I21"}, "fills add up to 1, the row has 0.9 of 1"),
    (inputs_changed, {"I23"}, "do not give its hash"),
    (order_nobody_decided, {"I23"}, "did not ask for this order"),
    (beyond_the_limit, {"I26"}, "allowed 150"),
    (never_reconciled, {"I11"}, "ever reconciled"),
    (naked, {"I14"}, "without a working stop"),
    (gate_ignored, {"I37"}, "its gate is closed"),
    (sent_under_a_halt, {"I27"}, "under halt 1"),
    (sent_under_a_halt_by_the_clock, {"I27"}, "under halt 1"),
    (sent_under_a_lifted_halt, {"I27"}, "under halt 2"),
    (sent_after_expiry, {"I28"}, "valid until"),
    (torn_transaction, {"I30"}, "same transaction"),
    (offset_behind, {"I30"}, "stored next one is 2"),
    (other_body, {"I31", "I33"}, "not set aside"),
    (old_owner, {"I32"}, "after epoch 7"),
    (dropped, {"I33"}, "nothing came of it"),
    (silent_letter, {"I33"}, "without reason"),
    (tail_lost, {"I34"}, "the log holds 0 to 4"),
    (never_published, {"I35"}, "never published"),
    (out_of_order, {"I35"}, "lies before"),
    (naive_time, {"I42"}, "without time zone"),
    (audit_edited, {"I46"}, "does not give its hash"),
    (audit_cut, {"I46"}, "tail may be cut"),
    (secret_logged, {"I47"}, "holds signal_key"),
    (stuck, {"I50"}, "PENDING_CANCEL since"),
    (forgotten_trigger, {"I50"}, "waits for a decision"),
]


def red(history: History) -> list[Violation]:
    return [violation for verdict in verify(history) for violation in verdict.violations]


@pytest.mark.parametrize(("plant", "broken", "said"), PLANTS, ids=lambda value: getattr(value, "__name__", None))
def test_a_planted_violation_turns_its_invariant_red(plant: Plant, broken: set[str], said: str):
    history = made.world().history()
    found = red(plant(history) or history)
    assert {violation.invariant for violation in found} == broken, found
    assert any(said in violation.what for violation in found), found


def test_every_check_has_a_plant():
    assert {check.invariant for check in CHECKS} == set().union(*(broken for _, broken, _ in PLANTS))


def test_what_is_not_there_is_said_and_never_held_for_sound():
    history = replace(made.world().history(), log="it does not answer", secrets={})
    verdicts = {verdict.invariant: verdict for verdict in verify(history)}
    missing = {name: verdict.missing for name, verdict in verdicts.items() if not verdict.holds}
    assert set(missing) == {"I31", "I33", "I34", "I35", "I47"}
    assert missing["I33"] == "broker log: it does not answer"
    assert verdicts["I33"].word == "not evaluated"
    history.dead_letters[0]["reason"] = ""
    assert next(verdict for verdict in verify(history) if verdict.invariant == "I33").word == "VIOLATED"


def test_evidence_that_cannot_be_read_is_a_violation():
    history = made.world().history()
    history.audit[0]["seq"] = None
    del history.orders[0]["filled"]
    said = {violation.invariant: violation.what for violation in red(history)}
    assert said["I21"] == "cannot be judged: KeyError: 'filled'"


def test_what_execution_cannot_have_seen_yet_is_no_violation():
    world = made.world()
    world.request({"type": "LIMIT", "quantity": "1", "newClientOrderId": "by-night"}, made.SOL, 1000)
    said = {"event": "fill", "account": "main", "symbol": BTC, "client_id": STOP, "order_id": world.placed[STOP]}
    money = {"price": "95", "quantity": "0.999", "fee": "0.1", "fee_currency": "USDT", "side": "SELL", "maker": False}
    world.events.append(said | money | {"trade_id": 9, "at": made.ms(at(1000))})
    assert red(replace(world.history(), settled_at=at(1000))) == []
    assert {one.invariant for one in red(replace(world.history(), settled_at=at(1001)))} == {"I10", "I15", "I19"}
    assert {one.invariant for one in red(replace(world.history(), settled_at=at(1121)))} == {"I10", "I12", "I15", "I19"}


def test_an_overfill_that_halted_its_symbol_is_flagged_as_it_should_be():
    for told in (False, True):
        world = made.world()
        world.order(ENTRY)["quantity"] = Decimal("0.9")
        if told:
            world.audit(at(1000), "halted", BTC, {"reason": f"order {ENTRY} of 0.9 was filled 1"})
        wrong = [what for ref, what in money.recomputed(world.history()) if ref == ENTRY and what]
        assert wrong == ([] if told else ["fills add up to 1, the row has 1 of 0.9"])


def test_a_request_that_the_venue_let_wait_under_a_halt_was_sent_before_it():
    history = made.world().history()
    history.halts[0]["at"] = at(12.05)
    at_venue(history, ENTRY).at = at(14)
    assert [one.invariant for one in red(history)] == []


def test_a_book_that_has_just_been_opened_is_not_held_against_its_account():
    verdicts = {verdict.invariant: verdict for verdict in verify(made.World().history())}
    assert verdicts["I19"].missing == "the book has no funds yet"
    assert [verdict.invariant for verdict in verdicts.values() if verdict.violations] == []
