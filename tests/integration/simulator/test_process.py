"""The simulator as a process: wall time, ports, wrong configurations, weights."""

import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests

from adapters.exchange.clock import WallClock
from tests.integration.simulator.simulator_process import SimulatorProcess, configuration
from trading.order import OrderType, Side
from trading.ports import Known, Verdict

WALL = {
    "timeframe": "1m",
    "market": {"kind": "random", "seed": 5, "start": (WallClock().now() - timedelta(days=1)).isoformat(), "end": None},
    "clock": {"kind": "wall"},
}


def test_on_wall_time_the_market_moves_by_itself_and_goes_on_after_a_kill(
    start_simulator: Callable[..., SimulatorProcess],
):
    simulator = start_simulator(**WALL)
    venue, clock = simulator.venue(), simulator.clock()
    assert abs(clock.now() - WallClock().now()) < timedelta(seconds=5)
    price = simulator.control().state().last_prices["BTC/USDT"] or Decimal(1)
    assert venue.send(simulator.order(Side.BUY, "0.01")).verdict is Verdict.ACCEPTED
    resting = simulator.order(Side.SELL, "0.2", OrderType.LIMIT, limit=str((price * 2).quantize(Decimal("0.01"))))
    assert venue.send(resting).verdict is Verdict.ACCEPTED
    before = (venue.balances(), venue.fills("BTC/USDT", None), venue.open_orders("BTC/USDT"))
    assert all(isinstance(read, Known) for read in before)
    stopped_at = clock.now()
    simulator.kill()
    venue = simulator.start().venue()
    assert (venue.balances(), venue.fills("BTC/USDT", None), venue.open_orders("BTC/USDT")) == before
    assert simulator.clock().now() > stopped_at


def test_a_taken_port_is_replaced_by_a_free_one(start_simulator: Callable[..., SimulatorProcess]):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        simulator = start_simulator(rest_port=port)
    assert not simulator.ready["rest_url"].endswith(f":{port}")


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"timeframe": "7x"}, "timeframe"),
        ({"colour": "blue"}, "colour"),
        ({"half_spread_bps": 1.5}, "half_spread_bps"),
        ({"market": {"kind": "files", "folder": "/nowhere"}}, "market.*folder"),
    ],
)
def test_a_wrong_configuration_is_named_without_a_traceback(tmp_path: Path, changes: dict[str, Any], named: str):
    config = tmp_path / "config.json"
    config.write_text(json.dumps(configuration(tmp_path, **changes)))
    command = [sys.executable, "-m", "services.simulator.main", "--config", str(config)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr
    assert re.search(named, ended.stderr)


def test_weights_are_shown_and_lead_to_429_and_then_to_a_ban(start_simulator: Callable[..., SimulatorProcess]):
    simulator = start_simulator(weight_limit=30)
    # The window is a minute of the monotonic clock: do not begin at its end.
    if time.monotonic() % 60 > 55:
        time.sleep(6)
    with requests.Session() as session:
        answers = [session.get(simulator.ready["rest_url"] + "/api/v3/exchangeInfo") for _ in range(14)]
    assert answers[0].headers["X-MBX-USED-WEIGHT-1M"] == "20"
    assert [answer.status_code for answer in answers] == [200] + [429] * 10 + [418] * 3
    assert 0 < int(answers[1].headers["Retry-After"]) <= 61
    assert answers[-1].json()["code"] == -1003


def test_orders_are_counted(start_simulator: Callable[..., SimulatorProcess]):
    simulator = start_simulator(order_limit=2)
    venue = simulator.venue()
    codes = [venue.send(simulator.order(Side.BUY, "0.01")).code for _ in range(3)]
    assert codes == ["", "", "-1015"]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/api/v3/klines?symbol=NOPE&interval=1h", -1121),
        ("/api/v3/klines?symbol=BTCUSDT&interval=7m", -1120),
        ("/api/v3/klines?symbol=BTCUSDT", -1102),
        ("/api/v3/klines?symbol=BTCUSDT&interval=1h&startTime=x", -1100),
        ("/api/v3/account", -2015),
        ("/api/v3/ticker/price?symbol=NOPE", -1121),
    ],
)
def test_wrong_requests_are_answered_as_the_venue_does(simulator: SimulatorProcess, path: str, code: int):
    with requests.Session() as session:
        answer = session.get(simulator.ready["rest_url"] + path)
    assert 400 <= answer.status_code < 500
    assert answer.json()["code"] == code
