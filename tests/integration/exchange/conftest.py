from tests.integration.simulator.conftest import simulator, start_simulator

__all__ = ["simulator", "start_simulator"]
