"""What the session says that the simulator bears is what it bears."""

from adapters.exchange.ccxt_client import Credentials, connect
from adapters.exchange.passage import allowance
from cli.session.secrets import LocalSecrets
from cli.session.simulator import settings_of
from services.simulator.config import SimulatorConfig

#: Binance's weight of a minute, of which ccxt makes its own units.
WEIGHT = 6_000


def test_the_budget_of_a_session_is_that_of_its_simulator(tmp_path):
    addresses = dict.fromkeys(("rest_url", "ws_url", "control_url"), "http://127.0.0.1:1")
    load = settings_of(addresses, "book", LocalSecrets(tmp_path))["venue_load"]
    assert isinstance(load, float)
    stated = allowance(connect("binance", Credentials()))
    granted = SimulatorConfig.model_fields["weight_limit"].default
    assert stated.seconds == 60
    assert stated.times(load).units == stated.units * granted / WEIGHT
    assert stated.times(1) == stated
