"""The broker is down, refuses, is killed or holds rubbish: nothing is lost or doubled, stale signals do not trade."""

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adapters.bus.envelope import MAX_BYTES, seal
from adapters.bus.local_broker import FETCH, METADATA, NOT_LEADER, PRODUCE, TIMED_OUT
from adapters.bus.signal_message import encode
from adapters.bus.signal_topic import SignalConsumer
from adapters.evidence import load, topic
from adapters.evidence.invariants import verify
from adapters.exchange.court_record import duplicate_orders
from adapters.store import outbox
from tests.chaos.rig import BOOK, MARGIN_MS, SIGNAL_KEY, TOPIC, VERSION, Rig, rig

pytestmark = pytest.mark.chaos

FAULTS = int(os.environ.get("TRADEWIND_TEST_BROKER_FAULTS") or 15)
BACKLOG = int(os.environ.get("TRADEWIND_TEST_BACKLOG") or 2000)
#: So many that no position comes near the largest order that the limits allow.
STRATEGIES = 6


@contextmanager
def publisher(floor: Rig) -> Iterator["subprocess.Popen[bytes]"]:
    """Run the real publisher; it must live to the end."""
    with (floor.folder / "publisher.log").open("ab") as log:
        command = [sys.executable, "-m", "services.publisher.main"]
        process = subprocess.Popen(command, env={**os.environ, **floor.env}, stdout=log, stderr=log)
    try:
        yield process
        assert process.poll() is None, (floor.folder / "publisher.log").read_text()[-2000:]
    finally:
        process.terminate()
        process.wait(20)


def commit(floor: Rig, number: int) -> None:
    """Put signals into the outbox, as the pipeline does."""
    made = [floor.signal() for _ in range(number)]
    rows: list[dict[str, Any]] = [
        {
            "signal_id": one.signal_id,
            "book": BOOK,
            "key": f"{BOOK}|{one.symbol}",
            "payload": encode(one),
            "created_at": one.decided_at,
            "valid_until": one.valid_until,
        }
        for one in made
    ]
    with floor.database.transaction() as connection:
        outbox.add(connection, rows, floor.env["TRADEWIND_SIGNAL_TOPIC"])


def place(floor: Rig) -> tuple[str, str | None, str]:
    """Return bootstrap address, version and topic that the processes of `floor` use."""
    env = floor.env
    return env["TRADEWIND_KAFKA"], env.get("TRADEWIND_KAFKA_API_VERSION"), env["TRADEWIND_SIGNAL_TOPIC"]


def drain(floor: Rig) -> None:
    """Wait until the outbox is empty and all that lies in the topic had its effect."""
    floor.until(lambda: floor.one("select count(*) from trading.outbox where published_at is null") == 0)
    consumer = SignalConsumer(*place(floor))
    floor.published = sum(end for _, end in consumer.place({}).values())
    consumer.close()
    floor.until(floor.settled)


def check(floor: Rig) -> dict[str, int]:
    """Check every invariant, and that the topic holds every committed signal, first sent in the order of its key."""
    margin = timedelta(milliseconds=MARGIN_MS)
    log = topic.read(*place(floor))
    history = load.load(floor.database, BOOK, floor.simulator.record, absence_margin=margin, log=lambda: log)
    verdicts = verify(history)
    broken = [str(violation) for verdict in verdicts for violation in verdict.violations]
    assert not broken, "\n".join(broken[:10])
    assert duplicate_orders(floor.simulator.record) == 0
    sent = list(dict.fromkeys(message.signal_id for message in sorted(log.messages, key=lambda one: one.offset)))
    for key in {row["key"] for row in history.outbox}:
        rows = sorted((row["created_at"], row["signal_id"]) for row in history.outbox if row["key"] == key)
        mine = {name for _, name in rows}
        assert [name for name in sent if name in mine] == [name for _, name in rows], f"{key}: lost or out of order"
    return {verdict.invariant: verdict.cases for verdict in verdicts}


def test_a_broker_that_is_down_or_refuses_loses_and_doubles_nothing(tmp_path: Path, database: str, seed: int):
    chance = random.Random(seed)
    with rig(tmp_path, database, seed, strategies=STRATEGIES) as floor, publisher(floor):
        worker = floor.start()
        commit(floor, 4)
        drain(floor)
        for number in range(FAULTS):
            commit(floor, chance.randint(1, 8))
            if number % 3 == 0:
                floor.broker.down()
                commit(floor, chance.randint(1, 3))
                # once for so long that the relay gives up, and has to send again
                worker.wait(12 if number == 0 else chance.uniform(0.1, 1.0))
                floor.broker.up()
            else:
                api = chance.choice([PRODUCE, FETCH, METADATA])
                floor.broker.fail(api, chance.choices([TIMED_OUT, NOT_LEADER], k=chance.randint(1, 5)))
            assert not worker.wait(chance.uniform(0.1, 0.6)), "execution ended because of the broker"
        drain(floor)
        print(f"{FAULTS} faults, {floor.published} messages, cases {check(floor)}")


def test_a_backlog_of_stale_signals_trades_nothing_and_the_fresh_ones_do(tmp_path: Path, database: str, seed: int):
    with rig(tmp_path, database, seed, strategies=STRATEGIES) as floor:
        began = time.monotonic()
        stale = [floor.signal() for _ in range(BACKLOG)]
        stale = [replace(one, valid_until=one.decided_at + timedelta(seconds=1)) for one in stale]
        newest = {(one.strategy, one.symbol) for one in stale}
        for some in range(0, BACKLOG, 1000):
            send(floor, stale[some : some + 1000])
        wanted = {"exposure": Decimal("0.5"), "stop": None}
        fresh = [
            floor.signal(strategy=name, symbol=symbol, reference_price=floor.prices[symbol], **wanted)
            for name, symbol in sorted(newest)
        ]
        send(floor, fresh)
        time.sleep(max(0.0, began + 1.5 - time.monotonic()))
        worker, told = floor.start(), time.monotonic()
        floor.until(lambda: floor.consumed >= floor.published)
        took = time.monotonic() - told
        floor.until(floor.settled)
        found = rows(
            floor,
            "select i.status, count(*) as signals, count(o.signal_id) as traded from trading.inbox as i left join"
            " (select distinct signal_id from trading.orders) as o using (signal_id) group by 1",
        )
        counts = {row["status"]: (row["signals"], row["traded"]) for row in found}
        print(f"{floor.published} messages in {took:.1f} s ({floor.published / took:.0f} a second), {counts}")
        assert not worker.wait(0)
        assert counts == {"EXPIRED": (BACKLOG, 0), "ACCEPTED": (len(fresh), len(fresh))}
        floor.check()


def rows(floor: Rig, query: str) -> list[dict[str, Any]]:
    with floor.database.transaction() as connection:
        return connection.execute(query).fetchall()  # type: ignore[arg-type]


def send(floor: Rig, signals: list[Any]) -> None:
    floor.producer.send(TOPIC, [(f"{BOOK}|{one.symbol}", seal(encode(one), SIGNAL_KEY)) for one in signals])
    floor.published += len(signals)


def poison(floor: Rig) -> dict[str, bytes | None]:
    """Return a message of every kind that execution must not act on."""
    body = json.loads(encode(floor.signal()))

    def changed(**changes: Any) -> bytes:
        return seal(json.dumps({**body, **changes}, sort_keys=True, separators=(",", ":")), SIGNAL_KEY)

    def without(name: str) -> bytes:
        rest = {key: value for key, value in body.items() if key != name}
        return seal(json.dumps(rest, sort_keys=True, separators=(",", ":")), SIGNAL_KEY)

    sound, later = seal(encode(floor.signal()), SIGNAL_KEY), floor.signal()
    envelope = json.loads(sound)
    return {
        "tombstone": None,
        "empty": b"",
        "not JSON": b"buy everything",
        "not text": bytes(range(256)),
        "cut short": sound[: len(sound) // 2],
        "a list": b"[1,2,3]",
        "deep": b"[" * 100_000 + b"]" * 100_000,
        "large": seal("x" * MAX_BYTES, SIGNAL_KEY),
        "3 MB": b"x" * 3_000_000,
        "other schema": json.dumps({**envelope, "schema": 99}).encode(),
        "other key": seal(encode(floor.signal()), "x" * 32),
        "wrong signature": json.dumps({**envelope, "body": envelope["body"] + " "}).encode(),
        "half character": json.dumps({**envelope, "body": "\ud800"}).encode(),
        "body not JSON": seal("{", SIGNAL_KEY),
        "body deep": seal("[" * 50_000 + "]" * 50_000, SIGNAL_KEY),
        "missing field": without("exposure"),
        "unknown field": changed(leverage="100"),
        "number for text": changed(exposure=0.5),
        "NaN": changed(exposure="NaN"),
        "infinite": changed(reference_price="Infinity"),
        "negative": changed(exposure="-1"),
        "more than all": changed(exposure="2"),
        "exponent": changed(reference_price="1e308"),
        "no zone": changed(ts="2026-01-01T00:00:00"),
        "no control characters": changed(reason="a\u0000b"),
        "unknown symbol": seal(encode(floor.signal(symbol="XXX/USDT", reference_price=Decimal(1))), SIGNAL_KEY),
        "other venue": seal(encode(floor.signal(venue="elsewhere")), SIGNAL_KEY),
        "from the future": seal(encode(replace(later, decided_at=later.decided_at + timedelta(minutes=5))), SIGNAL_KEY),
        "not canonical": seal(encode(floor.signal()) + " ", SIGNAL_KEY),
    }


def test_poison_of_every_kind_is_a_dead_letter_and_holds_nothing_up(tmp_path: Path, database: str, seed: int):
    from kafka import KafkaProducer

    chance = random.Random(seed)
    with rig(tmp_path, database, seed, strategies=STRATEGIES) as floor, publisher(floor):
        worker, kinds = floor.start(), poison(floor)
        again = floor.signal()
        send(floor, [again, replace(again, exposure=Decimal("0.123"))])
        # nothing of ours sends such things: a client of its own does
        raw = KafkaProducer(bootstrap_servers=floor.broker.bootstrap, api_version=(2, 3), max_request_size=8_000_000)
        for name in chance.sample(sorted(kinds), len(kinds)):
            raw.send(TOPIC, key=b"poison", value=kinds[name], partition=chance.randrange(4)).get(20)
            floor.published += 1
            floor.tell(1)
        raw.close()
        floor.until(floor.settled)
        assert not worker.wait(0), "execution ended because of poison"
        floor.until(lambda: floor.one("select count(*) from ops.dead_letters where published_at is null") == 0)
        letters = rows(floor, "select body, reason from ops.dead_letters")
        left = sorted((kinds[name] or b"") for name in kinds)
        found = sorted(bytes(row["body"]) for row in letters if b"0.123" not in bytes(row["body"]))
        assert found == left
        assert len(letters) == len(kinds) + 1
        assert len(topic.read(floor.broker.bootstrap, VERSION, f"{TOPIC}.dead-letters").messages) == len(letters)
        told = floor.one("select count(*) from trading.inbox")
        print(f"{len(kinds) + 1} kinds, {told} sound signals, cases {floor.check()}")
        assert told == len(kinds) + 1
