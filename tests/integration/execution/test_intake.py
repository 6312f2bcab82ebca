"""What comes in by the topic: taken over once, whatever is delivered, replayed, forged or broken."""

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from adapters.bus.envelope import seal
from adapters.bus.signal_message import encode
from services.execution import intake
from tests.integration.execution.floor import KEY, Floor
from trading.errors import Unavailable
from trading.order import OrderState
from trading.ports import Unreachable


def letters(floor: Floor) -> list[str]:
    return [row["reason"] for row in floor.rows("select reason from ops.dead_letters order by letter_id")]


def status(floor: Floor) -> list[tuple[str, str]]:
    rows = floor.rows("select signal_id, status from trading.inbox order by signal_id")
    return [(row["signal_id"], row["status"]) for row in rows]


def test_duplicates_and_a_replay_of_the_whole_topic_change_nothing(floor: Floor):
    signal = floor.signal()
    for _ in range(3):
        floor.tell(signal)
    floor.settle()
    before = floor.states()
    assert before == [("entry", OrderState.FILLED), ("stop", OrderState.ACKED)]
    floor.restart()
    floor.settle()
    assert floor.states() == before
    assert status(floor) == [("signal-1", "ACCEPTED")]
    assert letters(floor) == []
    assert len(floor.accepted()) == 2
    floor.check()


def test_another_body_under_a_known_id_is_a_dead_letter(floor: Floor):
    signal = floor.signal()
    floor.tell(signal)
    floor.tell(replace(signal, exposure=Decimal(1)))
    floor.settle()
    assert letters(floor) == ["signal signal-1 is known with another body"]
    assert len(floor.accepted()) == 2
    floor.check()


def test_an_expired_signal_is_recorded_and_not_traded(floor: Floor):
    signal = floor.signal()
    floor.pass_time(timedelta(hours=1))
    floor.tell(signal)
    floor.settle()
    assert status(floor) == [("signal-1", "EXPIRED")]
    assert floor.orders() == []
    floor.check()


def test_a_signal_that_comes_after_a_newer_one_is_denied(floor: Floor):
    old = floor.signal(exposure=Decimal(1))
    floor.pass_time(timedelta(minutes=1))
    floor.tell(floor.signal(exposure=Decimal(0), stop=None))
    floor.settle()
    floor.tell(old)
    floor.settle()
    assert status(floor) == [("signal-1", "DENIED"), ("signal-2", "ACCEPTED")]
    assert floor.orders() == []
    floor.check()


def test_poison_is_buried_and_the_partition_moves_on(floor: Floor):
    signal = floor.signal()
    body = encode(signal)
    mac = json.loads(seal(body, KEY))
    poison: list[bytes] = [
        seal(body, "x" * 32),
        seal(body, KEY).replace(b'"mac":"', b'"mac":"0'),
        json.dumps({**mac, "mac": "\ud800"}).encode(),
        json.dumps({**mac, "body": "\ud800"}).encode(),
        b"not json",
        b"",
        b"[" * 100_000,
        b"x" * 300_000,
        seal('{"a":"\\u0000"}', KEY),
        seal(body.replace('"test"', '"te\\u0000st"'), KEY),
        seal(body.replace('"config_version":1', '"config_version":NaN'), KEY),
        seal(body.replace('"1h"', '"1x"'), KEY),
        seal(body.replace('"simulator"', '"elsewhere"'), KEY),
        seal(body.replace("BTC/USDT", "DOGE/USDT"), KEY),
        seal(encode(replace(signal, decided_at=signal.decided_at + timedelta(minutes=1))), KEY),
    ]
    for value in poison:
        floor.publish(value)
    floor.tell(signal)
    floor.settle()
    assert len(letters(floor)) == len(poison)
    assert all(len(reason) <= 500 for reason in letters(floor))
    assert status(floor) == [("signal-1", "ACCEPTED")]
    assert len(floor.accepted()) == 2
    floor.check()


def test_a_record_whose_taking_failed_is_taken_again(floor: Floor, monkeypatch: pytest.MonkeyPatch):
    floor.settle()
    failures: list[str] = []
    accept = intake._accept

    def fail_first(*arguments: Any) -> Any:
        sending = accept(*arguments)
        if len(failures) < 2:
            failures.append("lost")
            raise Unavailable("the database does not answer")
        return sending

    monkeypatch.setattr(intake, "_accept", fail_first)
    floor.tell(floor.signal())
    floor.tell(replace(floor.signal(), book="stranger"))
    for _ in range(100):
        try:
            floor.loop.turn()
        except Unavailable:
            continue
        if floor.states():
            break
    floor.settle()
    assert failures == ["lost", "lost"]
    assert status(floor) == [("signal-1", "ACCEPTED")]
    assert floor.one("select sum(next_offset) from trading.consumer_offsets") == 2
    floor.check()


def test_a_signal_without_a_price_waits_for_one(floor: Floor):
    floor.settle()
    asked: list[str] = []
    last_price = floor.venue.last_price

    def late(symbol: str) -> Any:
        asked.append(symbol)
        return Unreachable("slow") if len(asked) < 3 else last_price(symbol)

    signal = floor.signal()
    floor.venue.last_price = late  # type: ignore[method-assign]
    floor.tell(signal)
    floor.settle()
    assert floor.states() == [("entry", OrderState.FILLED), ("stop", OrderState.ACKED)]
    floor.check()


def test_a_signal_whose_first_decision_comes_too_late_is_denied(floor: Floor):
    floor.settle()
    last_price = floor.venue.last_price
    signal = floor.signal()
    floor.venue.last_price = lambda symbol: Unreachable("slow")  # type: ignore[method-assign]
    floor.tell(signal)
    floor.turns(10)
    assert status(floor) == [("signal-1", "ACCEPTED")]
    floor.pass_time(timedelta(hours=2))
    floor.venue.last_price = last_price  # type: ignore[method-assign]
    floor.settle()
    assert [row["reason"] for row in floor.rows("select reason from trading.risk_decisions")] == ["expired"]
    assert floor.orders() == []
    floor.check()
