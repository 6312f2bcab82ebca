"""After kill -9 the simulator is what it was: clock, balances, resting orders, trades and ids."""

import json
import random
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.integration.simulator.simulator_process import SimulatorProcess, instrument
from trading.order import OrderType, Side
from trading.ports import Known


def everything(simulator: SimulatorProcess) -> dict[str, Any]:
    venue, state = simulator.venue(), simulator.control().state()
    reads = {symbol: (venue.open_orders(symbol), venue.fills(symbol, None)) for symbol in ("BTC/USDT", "ETH/USDT")}
    assert all(isinstance(read, Known) for pair in reads.values() for read in pair)
    return {"state": state, "balances": venue.balances(), **reads}


PLAN = {
    "rules": [
        {"fault": "late_fills", "probability": 0.3, "parts": 3, "milliseconds": 400_000},
        {"fault": "overfill", "probability": 0.1, "parts": 7},
        {"fault": "fill_first", "on": "cancel", "probability": 0.3, "parts": 2},
        {"fault": "fill_after", "on": "cancel", "probability": 0.3, "parts": 5},
        {"fault": "lose_answer", "probability": 0.1},
    ]
}


def intervene_a_little(simulator: SimulatorProcess, draw: random.Random) -> None:
    control, rules = simulator.control(), {"symbol": "ETH/USDT"}
    control.faults(PLAN | {"seed": draw.randrange(1000)})
    control.intervene("transfer", account="main", currency="BNB", amount=str(draw.randint(1, 9)))
    control.intervene("fees", account="main", coin=draw.choice(["BNB", None]))
    control.intervene("rules", **rules, status=draw.choice(["TRADING", "TRADING", "HALT"]), tick="0.02")
    foreign = {"account": "main", "symbol": "BTC/USDT", "side": draw.choice(list(Side)), "type": "MARKET"}
    control.intervene("order", **foreign, quantity="0.01")


def trade_a_little(simulator: SimulatorProcess, draw: random.Random, steps: int) -> None:
    venue, control, clock = simulator.venue(), simulator.control(), simulator.clock()
    for _ in range(steps):
        symbol, side = draw.choice(["BTC/USDT", "ETH/USDT"]), draw.choice(list(Side))
        price = control.state().last_prices[symbol] or Decimal(1)
        kind = draw.choice(list(OrderType))
        offset = Decimal(draw.randint(-40, 40)) / 10_000
        near = str((price * (1 + offset)).quantize(Decimal("0.01")))
        prices = {"limit": near} if kind is OrderType.LIMIT else {"stop": near} if kind is OrderType.STOP_LOSS else {}
        quantity = str(draw.randint(1, 400) / Decimal(1000))
        order = simulator.order(side, quantity, kind, symbol=symbol, **prices)
        venue.send(order)
        if draw.random() < 0.2:
            venue.cancel(order)
        control.advance(clock.now() + timedelta(minutes=draw.choice([0, 7, 60, 200])))


@pytest.mark.parametrize(("seed", "faulty"), [(1, False), (2, False), (3, True), (4, True)])
def test_a_killed_simulator_is_rebuilt_as_it_was(
    start_simulator: Callable[..., SimulatorProcess], seed: int, faulty: bool
):
    print("seed", seed)
    draw = random.Random(seed)
    simulator = start_simulator(instruments=[instrument(f"{base}/USDT") for base in ("BTC", "ETH", "BNB")])
    for _ in range(3):
        if faulty:
            intervene_a_little(simulator, draw)
        trade_a_little(simulator, draw, 12)
        before = everything(simulator)
        simulator.kill()
        simulator.start()
        assert everything(simulator) == before
    assert before["state"].trades["main"] > 5


def test_a_torn_last_line_is_dropped_and_lost_consequences_come_again(simulator: SimulatorProcess):
    simulator.venue().send(simulator.order(Side.BUY, "0.5"))
    before = everything(simulator)
    simulator.kill()
    rows = simulator.record.read_bytes().splitlines(keepends=True)
    accepted = next(place for place, row in enumerate(rows) if json.loads(row)["event"] == "accepted")
    simulator.record.write_bytes(b"".join(rows[:accepted]) + b'{"event":"accep')
    simulator.start()
    assert everything(simulator) == before
    assert simulator.record.read_bytes().splitlines(keepends=True)[: accepted + 2] == rows[: accepted + 2]


def test_a_record_that_was_changed_is_not_believed(simulator: SimulatorProcess):
    simulator.venue().send(simulator.order(Side.BUY, "0.5"))
    simulator.kill()
    text = simulator.record.read_text()
    simulator.record.write_text(text.replace('"event":"fill","account":"main"', '"event":"fill","account":"mine"', 1))
    with pytest.raises(RuntimeError, match="not reproduced"):
        simulator.start()


def test_another_market_in_the_same_folder_is_refused(simulator: SimulatorProcess):
    simulator.stop()
    simulator.config["timeframe"] = "4h"
    with pytest.raises(RuntimeError, match="state_dir"):
        simulator.start()


def test_a_term_signal_ends_it_cleanly(simulator: SimulatorProcess):
    assert simulator.stop() == 0
