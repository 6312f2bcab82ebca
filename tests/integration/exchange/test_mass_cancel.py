"""Cancelling all orders of a symbol at the real simulator, through real ccxt."""

from adapters.exchange.ccxt_client import Credentials
from adapters.exchange.mass_cancel import MassCancel
from tests.integration.simulator.simulator_process import KEY, SECRET, SimulatorProcess
from trading.order import OrderType, Side
from trading.ports import Known, Unreachable


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
