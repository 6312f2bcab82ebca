"""Cancelling all orders of a symbol at the real simulator, through real ccxt."""

import time
from collections.abc import Callable

from pydantic import SecretStr

from adapters.compose import mass_cancel
from adapters.exchange.ccxt_client import Credentials
from adapters.exchange.mass_cancel import MassCancel, Working
from adapters.settings import Settings
from tests.integration.simulator.simulator_process import KEY, SECRET, SimulatorProcess, instrument
from trading.order import OrderType, Side
from trading.ports import Known, Unreachable, Verdict


def canceller(simulator: SimulatorProcess, key: str = KEY) -> MassCancel:
    return MassCancel("binance", Credentials(key, SECRET), simulator.clock(), simulator.ready["rest_url"])


def test_all_working_orders_of_a_symbol_go_in_one_request(simulator: SimulatorProcess) -> None:
    venue, guard = simulator.venue(), canceller(simulator)
    for _ in range(3):
        venue.send(simulator.order(Side.BUY, "0.01", OrderType.LIMIT, limit="1000"))
    before = venue.open_orders("BTC/USDT")
    assert isinstance(before, Known)
    assert len(before.value) == 3
    assert guard.cancel_all("BTC/USDT") == Known(3)
    assert venue.open_orders("BTC/USDT") == Known([])
    assert guard.cancel_all("BTC/USDT") == Known(0)


def test_no_answer_proves_nothing(simulator: SimulatorProcess) -> None:
    guard = canceller(simulator)
    assert guard.cancel_all("BTC/USDT") == Known(0)
    simulator.kill()
    assert isinstance(guard.cancel_all("BTC/USDT"), Unreachable)


def test_a_refused_key_is_not_taken_for_nothing_to_cancel(simulator: SimulatorProcess) -> None:
    assert isinstance(canceller(simulator, key="wrong").cancel_all("BTC/USDT"), Unreachable)


def test_the_open_orders_of_all_symbols_are_seen(simulator: SimulatorProcess) -> None:
    venue, guard = simulator.venue(), canceller(simulator)
    assert guard.open_orders() == Known([])
    sent = [
        simulator.order(Side.BUY, "0.01", OrderType.LIMIT, limit="1000", symbol=symbol)
        for symbol in ("BTC/USDT", "ETH/USDT")
    ]
    for order in sent:
        venue.send(order)
    assert guard.open_orders() == Known([Working(order.request.symbol, order.client_id) for order in sent])
    simulator.kill()
    assert isinstance(guard.open_orders(), Unreachable)


def test_two_hundred_orders_over_four_symbols_go_within_five_seconds(
    start_simulator: Callable[..., SimulatorProcess],
) -> None:
    symbols = [f"{base}/USDT" for base in ("BTC", "ETH", "SOL", "LTC")]
    simulator = start_simulator(instruments=[instrument(symbol) for symbol in symbols])
    venue, guard = simulator.venue(), canceller(simulator)
    for number in range(200):
        symbol = symbols[number % 4]
        answer = venue.send(simulator.order(Side.BUY, "1", OrderType.LIMIT, limit="10", symbol=symbol))
        assert answer.verdict is Verdict.ACCEPTED, answer
    began = time.monotonic()
    assert [guard.cancel_all(symbol) for symbol in symbols] == [Known(50)] * 4
    seconds = time.monotonic() - began
    print(f"200 orders cancelled in {seconds:.2f} s")
    assert seconds < 5
    assert guard.open_orders() == Known([])
    asked = [line for line in simulator.record.read_text().splitlines() if '"DELETE"' in line]
    assert len(asked) == len(symbols)


def test_a_key_of_its_own_reaches_the_same_account(start_simulator: Callable[..., SimulatorProcess]) -> None:
    main = {"name": "main", "api_key": KEY, "secret": SECRET, "balances": {"USDT": "100000"}}
    second = {"name": "main", "api_key": "guard-key", "secret": "guard-secret", "balances": {}}
    simulator = start_simulator(accounts=[main, second])
    simulator.venue().send(simulator.order(Side.BUY, "0.01", OrderType.LIMIT, limit="1000"))
    settings = Settings(
        venue_url=simulator.ready["rest_url"],
        venue_api_key=SecretStr("revoked"),
        venue_api_secret=SecretStr("revoked"),
        guard_api_key=SecretStr("guard-key"),
        guard_api_secret=SecretStr("guard-secret"),
    )
    guard = mass_cancel(settings)
    assert guard.cancel_all("BTC/USDT") == Known(1)
    guard.close()
