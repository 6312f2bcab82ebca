"""Faults of the engine, over HTTP: late, partial, racing and excessive fills, and what the account hears of them."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from adapters.exchange.court_record import lines
from tests.integration.simulator.simulator_process import KEY, SimulatorProcess
from tests.integration.simulator.test_faults import PATHS, buy, cancel, resting, rule
from tests.integration.simulator.test_streams import listen

ZERO = Decimal(0)


def state(simulator: SimulatorProcess, client_id: str) -> tuple[str, Decimal]:
    row = simulator.ask("GET", PATHS["query"], symbol="BTCUSDT", origClientOrderId=client_id).json()
    return row["status"], Decimal(row["executedQty"])


def balances(simulator: SimulatorProcess) -> dict[str, tuple[Decimal, Decimal]]:
    rows = simulator.ask("GET", PATHS["account"]).json()["balances"]
    return {row["asset"]: (Decimal(row["free"]), Decimal(row["locked"])) for row in rows}


def trades(simulator: SimulatorProcess) -> list[dict[str, Any]]:
    return simulator.ask("GET", PATHS["trades"], symbol="BTCUSDT").json()


def pass_time(simulator: SimulatorProcess, seconds: float) -> None:
    to = simulator.control().state().now + timedelta(seconds=seconds)
    while not simulator.control().advance(to).done:
        pass


@pytest.mark.parametrize("killed", [False, True])
def test_f10_a_fill_comes_in_parts_over_time(simulator: SimulatorProcess, killed: bool):
    """The prices are those of the moment of the order, and what is outstanding is locked; a kill changes nothing."""
    simulator.control().faults(rule("late_fills", parts=4, milliseconds=1000))
    placed = buy(simulator, "c1", quantity="0.4").json()
    assert (placed["status"], placed["executedQty"], placed["fills"]) == ("NEW", "0.00000000", [])
    locked = balances(simulator)["USDT"][1]
    seen = []
    for _ in range(4):
        pass_time(simulator, 1)
        if killed:
            simulator.kill()
            simulator.start()
        seen.append(state(simulator, "c1"))
    parts = [Decimal("0.1"), Decimal("0.2"), Decimal("0.3"), Decimal("0.4")]
    assert seen == [("PARTIALLY_FILLED", part) for part in parts[:3]] + [("FILLED", parts[3])]
    rows = trades(simulator)
    assert sum(Decimal(row["quoteQty"]) for row in rows) == locked
    assert balances(simulator)["USDT"] == (Decimal(100_000) - locked, ZERO)
    assert [row["time"] - placed["transactTime"] for row in rows] == sorted(
        row["time"] - placed["transactTime"] for row in rows
    )
    assert {row["time"] - placed["transactTime"] for row in rows} == {1000, 2000, 3000, 4000}


def test_f10_an_order_can_be_filled_late_and_be_canceled_before(simulator: SimulatorProcess):
    simulator.control().faults({"rules": [{"fault": "late_fills", "next": 2, "parts": 2, "milliseconds": 5000}]})
    buy(simulator, "late")
    buy(simulator, "gone")
    pass_time(simulator, 5)
    assert state(simulator, "late") == ("PARTIALLY_FILLED", Decimal("0.05"))
    assert cancel(simulator, "gone").json()["executedQty"] == "0.05000000"
    pass_time(simulator, 5)
    assert [state(simulator, one) for one in ("late", "gone")] == [
        ("FILLED", Decimal("0.1")),
        ("CANCELED", Decimal("0.05")),
    ]
    assert balances(simulator)["USDT"][1] == ZERO


def test_f10_trades_are_listed_later_than_the_order_says(simulator: SimulatorProcess):
    simulator.control().faults({"trades_lag_ms": 3000})
    buy(simulator, "c1")
    assert state(simulator, "c1") == ("FILLED", Decimal("0.1"))
    assert trades(simulator) == []
    pass_time(simulator, 3)
    assert sum(Decimal(row["qty"]) for row in trades(simulator)) == Decimal("0.1")


def test_f10_the_venue_can_be_told_to_fill_any_part_of_a_resting_order(simulator: SimulatorProcess):
    limit = Decimal(resting(simulator, "c1").json()["price"])
    for quantity, shown in (("0.03", "PARTIALLY_FILLED"), ("0.07", "FILLED")):
        done = simulator.control().intervene(
            "fill", account="main", symbol="BTC/USDT", client_id="c1", quantity=Decimal(quantity)
        )
        assert [(event["event"], event["quantity"], Decimal(event["price"])) for event in done] == [
            ("fill", quantity, limit)
        ]
        assert state(simulator, "c1")[0] == shown
    assert balances(simulator)["USDT"] == (Decimal(100_000) - limit * Decimal("0.1"), ZERO)


@pytest.mark.parametrize(("parts", "status", "filled"), [(1, "FILLED", "0.1"), (2, "CANCELED", "0.05")])
def test_f13_the_fill_wins_the_race_against_the_cancel(
    simulator: SimulatorProcess, parts: int, status: str, filled: str
):
    resting(simulator, "c1")
    simulator.control().faults(rule("fill_first", "cancel", parts=parts))
    answer = cancel(simulator, "c1").json()
    assert answer["code" if parts == 1 else "status"] == (-2011 if parts == 1 else "CANCELED")
    assert state(simulator, "c1") == (status, Decimal(filled))
    assert balances(simulator)["USDT"][1] == ZERO


def test_f10_f13_a_fill_appears_after_the_cancel_was_confirmed(simulator: SimulatorProcess):
    resting(simulator, "c1")
    simulator.control().faults(rule("fill_after", "cancel", parts=4))
    answer = cancel(simulator, "c1").json()
    assert (answer["status"], answer["executedQty"]) == ("CANCELED", "0.00000000")
    assert state(simulator, "c1") == ("CANCELED", Decimal("0.025"))
    assert [Decimal(row["qty"]) for row in trades(simulator)] == [Decimal("0.025")]


def test_f12_more_is_filled_than_was_ordered(simulator: SimulatorProcess):
    simulator.control().faults(rule("overfill", parts=2))
    placed = buy(simulator, "c1").json()
    assert (placed["status"], placed["origQty"], placed["executedQty"]) == ("FILLED", "0.10000000", "0.15000000")
    assert sum(Decimal(fill["qty"]) for fill in placed["fills"]) == Decimal("0.15")
    rows = trades(simulator)
    fees = sum(Decimal(row["commission"]) for row in rows)
    assert balances(simulator)["BTC"] == (Decimal("1.15") - fees, ZERO)
    before = (balances(simulator), rows, state(simulator, "c1"))
    simulator.kill()
    simulator.start()
    assert (balances(simulator), trades(simulator), state(simulator, "c1")) == before


@pytest.mark.parametrize(
    ("fault", "heard"),
    [
        ("drop_update", ["TRADE", "NEW"]),
        ("repeat_update", ["NEW", "NEW", "TRADE", "NEW"]),
        ("swap_updates", ["TRADE", "NEW", "NEW"]),
    ],
)
def test_f11_updates_are_missing_come_twice_or_in_the_wrong_order(
    simulator: SimulatorProcess, fault: str, heard: list[str]
):
    simulator.control().faults({"rules": [{"fault": fault, "on": "stream", "symbol": "BTC/USDT", "next": 1}]})
    key = simulator.ask("POST", "/api/v3/userDataStream").json()["listenKey"]

    def act() -> None:
        buy(simulator, "c1", quantity="0.001")
        resting(simulator, "c2")

    more = {"drop_update": -1, "repeat_update": 1, "swap_updates": 0}[fault]
    messages = asyncio.run(listen(f"{simulator.ready['ws_url']}/ws/{key}", 6 + more, act))
    assert [message["x"] for message in messages if message["e"] == "executionReport"] == heard
    assert KEY not in str(messages)
    assert [event["event"] for event in lines(simulator.record) if event["event"] in {"accepted", "fill"}] == [
        "accepted",
        "fill",
        "accepted",
    ]
