"""`tradewind dlq` on a trading floor: a real database and broker, a simulator, and the loop of execution."""

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from adapters.bus.envelope import seal
from adapters.bus.signal_message import encode
from adapters.bus.signal_topic import SignalConsumer, cluster_id
from adapters.store import heartbeats
from adapters.store.dead_letters import Content
from adapters.store.inbox import offsets
from cli.dlq import _key, printable
from cli.program import app
from services.execution.loop import Loop
from tests.integration.execution.conftest import floor
from tests.integration.execution.floor import BOOK, KEY, TOPIC, VERSION, Floor
from tests.integration.simulator.conftest import start_simulator
from trading.order import OrderState

__all__ = ["floor", "start_simulator"]

HAPPY = [("entry", OrderState.FILLED), ("stop", OrderState.ACKED)]
#: All that trading leaves; what comes and goes by itself is not among it.
TABLES = (
    "trading.orders", "trading.order_events", "trading.fills", "trading.journals", "trading.ledger_entries",
    "trading.balances", "trading.inbox", "trading.risk_decisions", "trading.triggers", "trading.symbol_states",
)  # fmt: skip


class Desk:
    """The command line of the operator beside the floor."""

    def __init__(self, floor: Floor, folder: Path) -> None:
        self.floor = floor
        self.folder = folder

    def say(self, *words: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, ["dlq", *words, "--data-dir", str(self.folder)], env={"COLUMNS": "200"})
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.stdout

    def ask(self, *words: str) -> tuple[int, dict[str, Any]]:
        code, said = self.say(*words, "--json")
        return code, json.loads(said.splitlines()[-1])

    def listed(self, *words: str) -> list[dict[str, Any]]:
        return self.ask("list", *words)[1]["letters"]

    def replay(self, *words: str) -> list[dict[str, Any]]:
        code, done = self.ask("replay", *words, "--by", "anna")
        assert code == 0, done
        self.floor.published += len(done["replayed"])
        self.floor.settle()
        return done["replayed"]


@pytest.fixture
def desk(floor: Floor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv("TRADEWIND_DATABASE_URL", floor.database.url)
    monkeypatch.setenv("TRADEWIND_BOOK", BOOK)
    with floor.database.transaction() as connection:
        said = {"kafka": floor.broker.bootstrap, "kafka_api_version": VERSION}
        heartbeats.beat(connection, "publisher", BOOK, said)
    return Desk(floor, tmp_path)


def everything(floor: Floor) -> dict[str, list[dict[str, Any]]]:
    return {table: sorted(floor.rows(f"select * from {table}"), key=str) for table in TABLES}


def test_replaying_everything_twice_changes_nothing_the_second_time(desk: Desk, floor: Floor) -> None:
    signal = floor.signal()
    floor.tell(signal)
    floor.tell(replace(signal, exposure=signal.exposure / 2))  # known with another body
    floor.tell(floor.signal(), key="x" * 32)  # signed by a stranger
    floor.publish(b"\xff\x00 not json")
    floor.publish(seal(encode(floor.signal(symbol="DOGE/USDT")), KEY))
    floor.settle()
    ids = [str(letter["letter_id"]) for letter in desk.listed()]
    assert len(ids) == 4
    desk.replay(*ids)
    first = everything(floor)
    assert floor.states() == HAPPY
    desk.replay(*ids)
    assert everything(floor) == first
    assert len(floor.accepted()) == 2
    floor.check()
    letters = desk.listed("--all")
    assert [letter["replays"] for letter in letters] == [2] * 4 + [0] * 8
    assert [letter["replay_of"] for letter in letters] == [None] * 4 + [int(one) for one in ids] * 2
    assert [letter["letter_id"] for letter in desk.listed()] == [letter["letter_id"] for letter in letters[4:]]
    with floor.database.transaction() as connection:
        consumed = sum(offsets(connection, cluster_id(floor.broker.bootstrap, VERSION), TOPIC).values())
    assert consumed == floor.published == len(letters) + len(first["trading.inbox"])


def test_a_letter_whose_cause_was_mended_makes_exactly_one_order(desk: Desk, floor: Floor) -> None:
    right = "r" * 32
    floor.tell(floor.signal(), key=right)
    floor.settle()
    assert (floor.states(), len(desk.listed())) == ([], 1)
    # Execution starts again with the key that it should have had.
    floor.consumer = SignalConsumer(floor.broker.bootstrap, VERSION, TOPIC)
    floor.opened.append(floor.consumer)
    cluster = cluster_id(floor.broker.bootstrap, VERSION)
    with floor.database.transaction() as connection:
        floor.consumer.place(offsets(connection, cluster, TOPIC))
    floor.loop = Loop([floor.desk], floor.consumer, cluster, right)
    floor.published = 0
    for _ in range(2):
        (replayed,) = desk.replay("1")
    assert floor.states() == HAPPY
    assert len(floor.accepted()) == 2
    assert desk.listed() == []
    assert [letter["replays"] for letter in desk.listed("--all")] == [2]
    row = floor.rows("select * from trading.inbox")[0]
    assert (row["partition"], row["status"]) == (replayed["partition"], "ACCEPTED")
    assert floor.one("select partition from ops.dead_letters") == replayed["partition"]
    kinds = [row["kind"] for row in floor.rows("select kind from ops.audit_events where actor = 'anna'")]
    assert kinds == ["dead_letter_replayed"] * 2
    floor.check()


def test_all_replays_what_nobody_has_replayed(desk: Desk, floor: Floor) -> None:
    floor.publish(b"one")
    floor.publish(b"two")
    floor.settle()
    desk.replay("1")
    assert [done["letter_id"] for done in desk.replay("--all")] == [2, 3]
    assert desk.say("replay", "--all", "--by", "anna")[0] == 0
    assert desk.say("list")[0] == 0


def test_a_replay_keeps_the_partition_of_its_symbol(desk: Desk, floor: Floor) -> None:
    for name in "abcdefgh":
        floor.publish(name.encode(), key=name)
    floor.settle()
    before = {letter["letter_id"]: letter["partition"] for letter in desk.listed()}
    assert set(before.values()) == {0, 1}
    assert {done["letter_id"]: done["partition"] for done in desk.replay("--all")} == before


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (Content(b"k\xff", b""), "k\ufffd"),
        (Content(None, seal('{"book":"b","symbol":"X/Y"}', KEY)), "b|X/Y"),
        (Content(None, b"rubbish"), ""),
        (Content(None, seal("[]", KEY)), ""),
        (Content(None, b"[" * 100_000), ""),
    ],
)
def test_the_key_of_a_letter(content: Content, key: str) -> None:
    assert _key(content) == key


def test_nothing_is_there_to_list_or_replay(desk: Desk) -> None:
    assert desk.say("list") == (0, "no dead letter waits for a replay (`--all` shows the others)\n")
    assert desk.say("list", "--all") == (0, "no dead letters\n")
    assert desk.say("replay", "--all") == (0, "no letter waits for a replay\n")


def test_a_letter_is_shown_whatever_it_says(desk: Desk, floor: Floor) -> None:
    hostile = "[red]\x1b[2J\x07\u202e[/red] ".encode() + b"\xff\x00\r\n" + b"x" * 9000
    floor.publish(hostile, key="k[bold]")
    floor.publish(b"", key="k[bold]")
    sealed = seal(encode(floor.signal()), "x" * 32)
    floor.publish(sealed, key="k[bold]")
    floor.settle()
    code, said = desk.say("show", "1")
    assert code == 0
    assert all(letter.isprintable() or letter == "\n" for letter in said)
    assert "[red]\\x1b[2J\\x07\\u202e[/red] \\xff\\x00\\r\\nxxx" in said
    assert "not an envelope of schema, key, mac and body" in said
    assert "k[bold]" in said
    assert "letters more; --json has them all" in said
    found = {desk.ask("show", str(number))[1]["body_base64"] for number in (1, 2, 3)}
    assert found == {base64.b64encode(one).decode() for one in (hostile, b"", sealed)}
    assert "(no body)" in desk.say("show", "2")[1]
    said = desk.say("show", "3")[1]
    assert '"strategy": "strategy"' in said
    assert "signed with an unknown key" in said
    code, said = desk.say("list")
    assert code == 0
    assert all(letter.isprintable() or letter == "\n" for letter in said)
    assert len(said.splitlines()) == 4


def test_any_byte_is_printable() -> None:
    every = bytes(range(256)) + "\u202e\u2028\U0001f600é".encode() + b"\xed\xa0\x80"
    assert printable(every).isprintable()
    assert printable("a [b] é".encode()) == "a [b] é"


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("replay",), 2, "name the letters to replay"),
        (("replay", "1", "--all"), 2, "name the letters to replay"),
        (("replay", "1", "99"), 2, "there is no dead letter 99"),
        (("show", "99"), 2, "there is no dead letter 99"),
        (("replay", "1", "--book", "other"), 1, "no publisher of book other runs"),
    ],
)
def test_wrong_input_sends_nothing(desk: Desk, floor: Floor, words: tuple[str, ...], code: int, says: str) -> None:
    floor.publish(b"one")
    floor.settle()
    answer = desk.ask(*words)
    assert answer[0] == answer[1]["exit_code"] == code
    assert says in answer[1]["message"]
    assert [letter["replays"] for letter in desk.listed("--all")] == [0]


def test_a_broker_that_is_gone_is_said_in_one_line(desk: Desk, floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    floor.publish(b"one")
    floor.settle()
    monkeypatch.setenv("TRADEWIND_KAFKA", "127.0.0.1:1")
    monkeypatch.setenv("TRADEWIND_KAFKA_API_VERSION", "2.3")
    code, answer = desk.ask("replay", "--all")
    assert (code, answer["error"]) == (1, "Unavailable")
    assert "TRADEWIND_KAFKA" in answer["message"]
