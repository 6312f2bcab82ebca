from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.simulator.simulator_process import SimulatorProcess, configuration


@pytest.fixture
def start_simulator(tmp_path: Path) -> Iterator[Callable[..., SimulatorProcess]]:
    """Start simulators on free ports; all are stopped at the end."""
    started: list[SimulatorProcess] = []

    def start(**changes: Any) -> SimulatorProcess:
        folder = tmp_path / f"simulator{len(started)}"
        folder.mkdir()
        started.append(SimulatorProcess(folder, configuration(folder, **changes)))
        return started[-1].start()

    yield start
    for simulator in started:
        simulator.close_clients()
        if simulator.lives:
            simulator.stop()


@pytest.fixture
def simulator(start_simulator: Callable[..., SimulatorProcess]) -> SimulatorProcess:
    return start_simulator()
