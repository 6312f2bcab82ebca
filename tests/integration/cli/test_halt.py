"""`tradewind halt` and `resume` against a real database, a real exchange and a real guard, together and one by one."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from adapters.exchange.ccxt_venue import CcxtVenue
from adapters.store import accounts, audit, books, halts
from adapters.store.anchors import AnchorFile
from adapters.store.database import Database
from adapters.store.symbols import in_state, set_state
from cli.program import app
from cli.session.secrets import LocalSecrets
from services.guard import main as guard
from services.guard.strays import Seen, Strays
from tests.integration.simulator.conftest import start_simulator
from tests.integration.simulator.simulator_process import KEY, SECRET, SimulatorProcess
from trading.order import OrderType, Side
from trading.ports import Known

__all__ = ["start_simulator"]

BOOK, BTC, ETH = "local", "BTC/USDT", "ETH/USDT"
NOBODY = "postgresql://nobody@127.0.0.1:1/none"


@dataclass
class Desk:
    """A book with two working orders, and the command line beside it."""

    folder: Path
    database: Database
    simulator: SimulatorProcess
    venue: CcxtVenue

    def say(self, *words: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, [*words, "--data-dir", str(self.folder)])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.stdout

    def ask(self, *words: str) -> tuple[int, dict[str, Any]]:
        code, said = self.say(*words, "--json")
        return code, json.loads(said.splitlines()[-1])

    def order(self, symbol: str) -> None:
        self.venue.send(self.simulator.order(Side.BUY, "0.01", OrderType.LIMIT, limit="1000", symbol=symbol))

    def working(self) -> list[str]:
        found = []
        for symbol in (BTC, ETH):
            answer = self.venue.open_orders(symbol)
            assert isinstance(answer, Known)
            found += [symbol for _ in answer.value]
        return found

    def gate(self, symbol: str) -> bool:
        with self.database.transaction() as connection:
            return accounts.gate(connection, BOOK, "simulator", symbol)[0]

    def events(self) -> list[tuple[str, str]]:
        with self.database.transaction() as connection:
            rows = connection.execute("select kind, actor from ops.audit_events order by seq").fetchall()
        return [(row["kind"], row["actor"]) for row in rows]


@pytest.fixture
def desk(
    tmp_path: Path, database: str, start_simulator: Callable[..., SimulatorProcess], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    simulator = start_simulator()
    monkeypatch.setenv("TRADEWIND_DATABASE_URL", database)
    monkeypatch.setenv("TRADEWIND_VENUE_URL", simulator.ready["rest_url"])
    monkeypatch.setenv("TRADEWIND_VENUE_API_KEY", KEY)
    monkeypatch.setenv("TRADEWIND_VENUE_API_SECRET", SECRET)
    folder = tmp_path / "data"
    folder.mkdir()
    with Database(database, size=2) as store:
        with store.transaction() as connection:
            books.open_book(connection, BOOK, {"venue": "simulator", "symbols": [BTC, ETH]}, 0)
        made = Desk(folder, store, simulator, simulator.venue())
        made.order(BTC)
        made.order(ETH)
        yield made


@contextmanager
def guarded(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Run the guard as in its process, here in a thread, from its first sign of life on."""
    monkeypatch.setenv("TRADEWIND_DATA_DIR", str(desk.folder))
    stop = threading.Event()
    thread = threading.Thread(target=guard.run, args=(stop,))
    thread.start()
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with desk.database.transaction() as connection:
            if connection.execute("select 1 from ops.heartbeats where service = 'guard'").rowcount:
                break
        time.sleep(0.02)
    try:
        yield
    finally:
        stop.set()
        thread.join(20)


@pytest.fixture
def running_guard(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with guarded(desk, monkeypatch):
        yield


def test_without_a_guard_the_command_itself_cancels(desk: Desk) -> None:
    code, done = desk.ask("halt", "--reason", "test", "--by", "anna")
    assert (code, done["halt_id"], done["undone"]) == (0, 1, [])
    assert (done["cancelled"], done["cancelled_by"]) == ({BTC: 1, ETH: 1}, "halt")
    assert (desk.working(), desk.gate(BTC), desk.gate(ETH)) == ([], False, False)
    assert desk.events() == [("halted", "anna"), ("halt_enforced", "anna")]
    with desk.database.transaction() as connection:
        # The next guard cancels once more: an order may have been on its way.
        assert [halt.halt_id for halt in halts.unenforced(connection, BOOK)] == [1]


def test_a_symbol_is_halted_alone_and_twice_is_once(desk: Desk) -> None:
    for standing in (False, True):
        code, done = desk.ask("halt", "--reason", "test", "--by", "anna", "--symbol", ETH)
        assert (code, done["halt_id"], done["standing"]) == (0, 1, standing)
    assert (desk.working(), desk.gate(BTC), desk.gate(ETH)) == ([BTC], True, False)
    assert "ETH/USDT of book local was halted already (halt 1); 0 working orders cancelled from here" in desk.say(
        "halt", "--reason", "test", "--by", "anna", "--symbol", ETH
    )[1].replace("\n", " ")


def test_the_guard_cancels_within_its_time(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    # The orders of this test are in no table: the guard would halt by itself.
    monkeypatch.setattr(Strays, "look", lambda *_: Seen())
    request.getfixturevalue("running_guard")
    began = time.monotonic()
    code, done = desk.ask("halt", "--reason", "test", "--by", "anna")
    seconds = time.monotonic() - began
    print(f"halted and cancelled by the guard in {seconds:.2f} s")
    assert (code, done["cancelled"], done["cancelled_by"]) == (0, {BTC: 1, ETH: 1}, "guard")
    assert desk.working() == []
    assert seconds < 3
    assert desk.events() == [("halted", "anna"), ("halt_enforced", "guard")]
    desk.order(ETH)
    code, done = desk.ask("halt", "--reason", "again", "--by", "anna")
    assert (code, done["standing"], done["cancelled"]) == (0, True, {BTC: 0, ETH: 1})
    assert desk.working() == []


def test_a_guard_that_stops_leaves_an_anchor_of_the_last_row(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Strays, "look", lambda *_: Seen())
    with desk.database.transaction() as connection:
        audit.record(connection, desk.simulator.clock().now(), "test", "first", "x", {})
    with guarded(desk, monkeypatch), desk.database.transaction() as connection:
        audit.record(connection, desk.simulator.clock().now(), "test", "last", "x", {})
    assert [anchor.seq for anchor in AnchorFile(desk.folder).read()] == [1, 2]


def test_without_a_database_it_cancels_and_leaves_a_file_which_the_guard_takes(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    with monkeypatch.context() as patched:
        patched.setenv("TRADEWIND_DATABASE_URL", NOBODY)
        code, done = desk.ask("halt", "--reason", "test", "--by", "anna")
    assert (code, done["halt_id"], done["cancelled"]) == (1, None, {BTC: 1, ETH: 1})
    assert len(done["undone"]) == 1
    assert "TRADEWIND_DATABASE_URL" in done["undone"][0]
    assert (desk.working(), desk.gate(BTC)) == ([], True)
    assert json.loads(Path(done["file"]).read_text())["reason"] == "test"
    request.getfixturevalue("running_guard")
    assert not desk.gate(BTC)
    assert list((desk.folder / "halt").iterdir()) == []


def test_without_an_exchange_it_says_what_is_not_cancelled(desk: Desk) -> None:
    desk.simulator.kill()
    code, said = desk.say("halt", "--reason", "test", "--by", "anna")
    assert code == 1
    assert "book local is halted (halt 1)" in said
    assert "NOT CANCELLED BTC/USDT" in said
    assert not desk.gate(BTC)


def test_a_running_session_is_found_by_its_data_folder(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = LocalSecrets(desk.folder)
    desk.simulator.stop()
    accounts = [
        {"name": BOOK, "balances": {"USDT": "100000"}}
        | {"api_key": secrets.derive(owner, BOOK, "key"), "secret": secrets.derive(owner, BOOK, "secret")}
        for owner in ("venue", "guard")
    ]
    other = SimulatorProcess(desk.simulator.folder, desk.simulator.config | {"accounts": accounts})
    other.config["state_dir"] = str(desk.simulator.folder / "other")
    other.start()
    venue = other.venue(accounts[0]["api_key"], accounts[0]["secret"])
    venue.send(other.order(Side.BUY, "0.01", OrderType.LIMIT, limit="1000"))
    (desk.folder / "simulator" / BOOK).mkdir(parents=True)
    (desk.folder / "simulator" / BOOK / "ready.json").write_text(json.dumps(other.ready))
    for name in ("URL", "API_KEY", "API_SECRET"):
        monkeypatch.delenv(f"TRADEWIND_VENUE_{name}")
    code, done = desk.ask("halt", "--reason", "test", "--by", "anna")
    other.stop()
    assert (code, done["cancelled"]) == (0, {BTC: 1})


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("halt", "--reason", "x", "--book", "none"), "--book none: there is no such book"),
        (("halt", "--reason", "x", "--symbol", "DOGE/USDT"), "--symbol DOGE/USDT: book local trades BTC/USDT"),
        (("halt", "--reason", " "), "--reason"),
        (("halt", "--reason", "x", "--by", "guard"), "--by 'guard' is not the name of a person"),
        (("halt", "--reason", "x", "--by", "a|b"), "--by 'a|b' is not the name of a person"),
        (("halt", "--reason", "x", "--book", "../x"), "TRADEWIND_BOOK"),
        (("resume", "--reason", "x", "--accept-venue"), "give --symbol too"),
        (("resume", "--reason", "x", "--symbol", "DOGE/USDT"), "book local trades"),
    ],
)
def test_wrong_input_changes_nothing_and_is_named(desk: Desk, words: tuple[str, ...], says: str) -> None:
    code, told = desk.ask(*words)
    assert (code, told["error"]) == (2, "Misconfigured")
    assert says in told["message"]
    assert desk.working() == [BTC, ETH]
    assert desk.gate(BTC)
    assert not (desk.folder / "halt").exists()


def test_resume_lifts_what_is_in_force_and_keeps_who_and_why(desk: Desk) -> None:
    for words in (("--symbol", ETH), ()):
        desk.ask("halt", "--reason", "test", "--by", "anna", *words)
    code, done = desk.ask("resume", "--reason", "looked at it", "--by", "ben", "--symbol", ETH)
    assert (code, [halt["symbol"] for halt in done["lifted"]]) == (0, [ETH])
    assert [halt["symbol"] for halt in done["still_halted"]] == [None]
    assert not desk.gate(ETH)
    code, said = desk.say("resume", "--reason", "all clear", "--by", "ben")
    assert (code, said) == (0, "lifted halt 2 of the whole book by anna: test\n")
    assert desk.gate(BTC)
    assert desk.gate(ETH)
    with desk.database.transaction() as connection:
        rows = connection.execute("select lifted_by, lifted_reason from trading.halts order by halt_id").fetchall()
    assert [tuple(row.values()) for row in rows] == [("ben", "looked at it"), ("ben", "all clear")]
    assert desk.say("resume", "--reason", "again") == (0, "nothing to lift in book local\n")
    assert desk.events()[-2:] == [("resumed", "ben"), ("resumed", "ben")]


def test_resume_has_a_symbol_that_execution_halted_reconciled_again(desk: Desk) -> None:
    with desk.database.transaction() as connection:
        for symbol in (BTC, ETH):
            set_state(connection, BOOK, symbol, "HALTED", "BTC: books 1, venue 2", desk.simulator.clock().now())
    code, done = desk.ask("resume", "--reason", "the venue is right", "--symbol", BTC, "--accept-venue", "--by", "ben")
    assert (code, done["reconcile"], done["lifted"]) == (0, [BTC], [])
    with desk.database.transaction() as connection:
        assert in_state(connection, BOOK, "RECONCILING") == [BTC]
        assert in_state(connection, BOOK, "HALTED") == [ETH]
        rows = connection.execute("select symbol from trading.symbol_states where accepts_venue").fetchall()
    assert [row["symbol"] for row in rows] == [BTC]


def test_resume_takes_a_halt_along_that_is_only_a_file(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setenv("TRADEWIND_DATABASE_URL", NOBODY)
        desk.ask("halt", "--reason", "test", "--by", "anna")
        code, done = desk.ask("resume", "--reason", "x", "--by", "ben")
        assert (code, done["error"]) == (1, "Unavailable")
    code, done = desk.ask("resume", "--reason", "over", "--by", "ben")
    assert [(halt["actor"], halt["reason"]) for halt in done["lifted"]] == [("anna", "test")]
    assert list((desk.folder / "halt").iterdir()) == []
    assert desk.gate(BTC)
