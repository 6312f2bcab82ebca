"""The simulator's process, forked from one that has everything loaded: half a test's time went into imports."""

import multiprocessing
import os
import sys
from multiprocessing.process import BaseProcess
from pathlib import Path

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload([__name__, "services.simulator.main"])


def started(config: Path, errors: Path) -> BaseProcess:
    """Start a simulator with the file `config` that writes its standard error to the file `errors`."""
    process = _FORKS.Process(target=_simulate, args=(str(config), str(errors)), daemon=True)
    process.start()
    return process


def _simulate(config: str, errors: str) -> None:
    from services.simulator.main import main

    file = os.open(errors, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(file, 2)
    os.close(file)
    sys.exit(main(["--config", config]))
