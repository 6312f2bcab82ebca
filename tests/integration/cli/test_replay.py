"""`tradewind replay` on a floor that has traded: equal as it was, told apart under other limits and when forged."""

import json
from decimal import Decimal
from typing import Any

import pytest
from typer.testing import CliRunner

from adapters.store import books
from cli.program import app
from cli.remade_answer import as_object
from tests.integration.cli.test_json import assert_documented
from tests.integration.cli.test_remade import REMADE
from tests.integration.cli.test_verify import plant, traded
from tests.integration.execution.conftest import floor, start_simulator
from tests.integration.execution.floor import BOOK, Floor
from trading.limits import Limits

__all__ = ["floor", "start_simulator"]


@pytest.fixture
def at(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> Floor:
    monkeypatch.setenv("TRADEWIND_DATABASE_URL", floor.database.url)
    with floor.database.transaction() as connection:
        books.open_book(connection, BOOK, {}, 0)
    return floor


def replay(*options: str, code: int = 0) -> str:
    """Replay decisions; what the floor's signals rest on is made up."""
    done = CliRunner().invoke(app, ["replay", "--decisions-only", *options])
    assert done.exit_code == code, done.output
    return done.output


def as_json(*options: str, code: int = 0) -> dict[str, Any]:
    return json.loads(replay(*options, "--json", code=code).splitlines()[-1])


def test_what_was_decided_is_decided_again_and_what_was_forged_is_named(at: Floor):
    traded(at)
    stored = at.rows("select * from trading.risk_decisions order by decided_at, signal_id, decision_no")
    found = as_json()
    assert (found["book"], found["decisions"], found["equal"]) == (BOOK, len(stored), len(stored))
    assert found["different"] == found["broken"] == []
    assert {row["verdict"] for row in stored} >= {"TRADE"}
    # Some of them met orders at work, which have ended since.
    assert any(row["inputs"]["account"]["working"] for row in stored)
    day = stored[0]["decided_at"].date()
    assert as_json(str(day))["decisions"] == sum(row["decided_at"].date() == day for row in stored)
    assert as_json("2001-01-01")["decisions"] == 0

    first = stored[0]
    plant(at, f"update trading.risk_decisions set reason = 'other' where signal_id = '{first['signal_id']}'")
    (one,) = [row for row in as_json(code=1)["different"] if row["signal_id"] == first["signal_id"]][:1]
    assert one["fields"] == ["reason"]
    assert_documented("replay", {**found, "different": [one]} | {"remade": [as_object(REMADE)]})
    assert (one["before"]["reason"], one["after"]["reason"]) == ("other", first["reason"])
    plant(at, "update trading.risk_decisions set inputs = jsonb_set(inputs, '{account,cash}', '\"1\"')")
    broken = as_json(code=1)
    assert len(broken["broken"]) == len(stored)
    assert "its hash" in replay(code=1)


def test_other_limits_show_exactly_what_they_would_have_changed(at: Floor):
    traded(at)
    stored = at.rows("select * from trading.risk_decisions order by decided_at, signal_id, decision_no")
    # An entry was worth more than this: it would have been refused, and only entries are.
    least = min(Decimal(row["inputs"]["market"]["price"]) for row in stored) / 1000
    found = as_json("--change", f"max_order_value={least}")
    assert found["changes"] == {"max_order_value": str(least)}
    bought = {
        (row["signal_id"], row["decision_no"])
        for row in stored
        if any(request["side"] == "BUY" for request in row["inputs"]["requests"])
    }
    assert {(row["signal_id"], row["decision_no"]) for row in found["different"]} == bought
    assert bought
    assert all(row["after"]["reason"].startswith("max_order_value") for row in found["different"])
    told = replay("--change", f"limit.max_order_value={least}")
    assert f"different {len(bought)}" in told
    assert "TRADE > DENIED" in told
    same = Limits().max_position
    assert as_json("--change", f"max_position={same}")["different"] == []
    assert len(at.rows("select * from trading.risk_decisions")) == len(stored)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["2026-13-01"], "is no day"),
        (["--change", "max_position"], "is not NAME=VALUE"),
        (["--change", "max_positon=0.5"], "there is no such limit; there are target_volatility"),
        (["--change", "max_position=2"], "--change max_position: Input should be less than or equal to 1"),
        (["--change", "max_position=nan"], "max_position"),
        (["--change", "max_position=0.99"], "cash_buffer"),
        (["--change", "max_position=0.5", "--change", "max_position=0.6"], "given twice"),
        (["--book", "no such"], "there is no such book"),
    ],
)
def test_wrong_input_is_one_line(at: Floor, options: list[str], said: str):
    line = replay(*options, code=2)
    assert said in line
    assert len(line.strip().splitlines()) == 1
