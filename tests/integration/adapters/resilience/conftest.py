from tests.integration.adapters.store.conftest import db
from tests.integration.simulator.conftest import simulator, start_simulator

__all__ = ["db", "simulator", "start_simulator"]
