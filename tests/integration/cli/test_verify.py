"""`tradewind verify` on a floor that has traded: sound, then with what somebody changed behind the program's back."""

import json
from datetime import timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner

from adapters.evidence import load, topic
from adapters.evidence.finding import Verdict
from adapters.evidence.invariants import verify
from adapters.store.local_postgres import LocalPostgres
from adapters.store.migrate import migrate
from adapters.store.status import running_url
from cli.program import app
from tests.integration.cli.test_json import assert_documented
from tests.integration.execution.conftest import floor, start_simulator
from tests.integration.execution.floor import BOOK, TOPIC, VERSION, Floor

__all__ = ["floor", "start_simulator"]


def traded(floor: Floor) -> None:
    """Enter, raise the stop, leave; lose an answer on the way; receive garbage, a repetition and a stranger's book."""
    floor.tell(floor.signal(stop=Decimal("0.1")))
    floor.settle()
    floor.pass_time(timedelta(minutes=1))
    again = floor.signal(stop=Decimal("0.02"))
    floor.tell(again)
    floor.tell(again)
    floor.publish(b"garbage")
    floor.settle()
    floor.walk(timedelta(minutes=1))
    floor.tell(floor.signal(exposure=Decimal(0), stop=None))
    floor.settle()
    floor.walk(timedelta(minutes=1))
    floor.fault("lose_answer")
    floor.tell(floor.signal())
    floor.settle()
    floor.walk(timedelta(minutes=1))


def judged(floor: Floor) -> dict[str, Verdict]:
    history = load.load(
        floor.database,
        BOOK,
        floor.simulator.record,
        log=partial(topic.read, floor.broker.bootstrap, VERSION, TOPIC),
        absence_margin=timedelta(seconds=15),
        secrets={"signal_key": "k" * 32},
    )
    return {verdict.invariant: verdict for verdict in verify(history)}


def plant(floor: Floor, *statements: str) -> None:
    plant_in(floor.database.url, *statements)


def plant_in(url: str, *statements: str) -> None:
    """Change rows behind the back of every trigger."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("set session_replication_role = replica")
        for statement in statements:
            connection.execute(statement)  # pyright: ignore[reportArgumentType, reportCallIssue]


def red(verdicts: dict[str, Verdict]) -> dict[str, list[str]]:
    return {
        name: [f"{violation.ref}: {violation.what}" for violation in verdict.violations]
        for name, verdict in verdicts.items()
        if not verdict.holds
    }


def test_what_was_traded_meets_every_invariant_and_what_was_forged_does_not(floor: Floor):
    traded(floor)
    verdicts = judged(floor)
    assert red(verdicts) == {}
    idle = {name for name, verdict in verdicts.items() if verdict.cases == 0}
    assert idle == {"I7", "I12", "I27", "I35", "I37"}
    entry, fill = floor.orders()[0], floor.rows("select * from trading.fills order by recorded_at limit 1")[0]
    plant(
        floor,
        f"update trading.fills set price = price + 1 where trade_id = '{fill['trade_id']}'",
        "update ops.audit_events set payload = '{}' where seq = 3",
        "delete from trading.ledger_entries where journal_id like 'release:%%'",
    )
    found = red(judged(floor))
    assert {"I15", "I18", "I46"} <= set(found)
    (price,) = found["I15"]
    assert price.startswith(f"BTC/USDT#{fill['trade_id']}: price")
    assert any(line.startswith(f"{entry.client_id}: FILLED holds") for line in found["I18"])
    assert "audit 3: its content does not give its hash" in found["I46"]


def verified(floor: Floor, tmp_path: Path, *options: str) -> Any:
    folder = tmp_path / "simulator" / BOOK
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "court_record.jsonl").write_bytes(floor.simulator.record.read_bytes())
    return CliRunner().invoke(app, ["verify", "--book", BOOK, "--data-dir", str(tmp_path), *options])


def test_the_command_prints_its_table_and_the_story_of_a_violation(
    floor: Floor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    floor.tell(floor.signal())
    floor.settle()
    monkeypatch.setenv("TRADEWIND_DATABASE_URL", floor.database.url)
    monkeypatch.setenv("TRADEWIND_KAFKA", floor.broker.bootstrap)
    monkeypatch.setenv("TRADEWIND_KAFKA_API_VERSION", VERSION)
    monkeypatch.setenv("TRADEWIND_SIGNAL_TOPIC", TOPIC)
    monkeypatch.setenv("COLUMNS", "160")
    done = verified(floor, tmp_path)
    assert done.exit_code == 0, done.output
    assert "no violation" in done.stdout
    entry = floor.orders()[0].client_id
    plant(floor, f"update trading.orders set sent_at = sent_at + interval '1 ms' where client_id = '{entry}'")
    done = verified(floor, tmp_path)
    assert done.exit_code == 1
    assert "violated: I2, I3" in done.stdout
    told = [line.split(maxsplit=3)[2:] for line in done.stdout.splitlines() if line.startswith("  2026")]
    assert f"FILL fill:{BOOK}:simulator:BTC/USDT:1" in done.stdout
    assert ["venue", f"accepted {entry} as 1"] in told
    assert ["inbox", "signal signal-1 ACCEPTED from"] in [[source, what[:29]] for source, what in told]
    done = verified(floor, tmp_path, "--json")
    found = json.loads(done.stdout.splitlines()[-1])
    assert (done.exit_code, found["ok"]) == (1, False)
    assert {one["invariant"] for one in found["violations"]} == {"I2", "I3"}
    assert_documented("verify", found)


def test_without_a_book_or_a_record_it_says_what_to_do(
    empty_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    done = CliRunner().invoke(app, ["verify", "--data-dir", str(tmp_path)])
    assert (done.exit_code, "nothing has run in" in done.output) == (2, True)
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setenv("TRADEWIND_DATABASE_URL", empty_database)
    done = CliRunner().invoke(app, ["verify", "--data-dir", str(tmp_path)])
    assert (done.exit_code, "no tables of ours" in done.output) == (2, True)


def test_a_local_server_that_does_not_run_is_started_for_the_look_and_stopped_again(tmp_path: Path):
    server = LocalPostgres(tmp_path, durable=False)
    try:
        server.start()
        migrate(server.url())
        server.stop()
        done = CliRunner().invoke(app, ["verify", "--data-dir", str(tmp_path)])
        assert (done.exit_code, "the database has no book yet" in done.output) == (2, True), done.output
        assert running_url(tmp_path) is None
    finally:
        server.remove()
