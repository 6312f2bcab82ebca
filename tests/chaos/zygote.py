"""A process with everything imported that forks execution workers in milliseconds: `python -m tests.chaos.zygote`.

Reads one JSON object per line: {"env": {...}, "strike": {...} | null, "log": path}; answers each with the pid of a new
worker, which is the real main of `services.execution`. A strike ends, freezes or fails the worker at a crash point.
"""

import gc
import json
import os
import signal
import sys
import warnings
from typing import Any

import ccxt  # noqa: F401 - preloaded
import kafka  # noqa: F401 - preloaded
import psycopg  # noqa: F401 - preloaded
import requests  # noqa: F401 - preloaded

import adapters.exchange.ccxt_venue
import adapters.exchange.quotes
import adapters.resilience.budget
import adapters.resilience.liaison  # noqa: F401 - preloaded
import services.execution.main as execution
from adapters.exchange.ccxt_client import Credentials, connect
from services.execution import crash_points
from services.process import main


class Struck(Exception):
    """What a worker meets at a crash point whose action is to raise."""


def strike(plan: dict[str, Any]) -> None:
    """Do `plan["action"]` at the passage number `plan["hit"]` of point `plan["point"]` (null: of any point)."""
    left = [plan["hit"]]

    def at(name: str) -> None:
        if plan["point"] not in (None, name):
            return
        left[0] -= 1
        if left[0] != 0:
            return
        os.write(1, f"struck {name}\n".encode())
        if plan["action"] == "raise":
            raise Struck(name)
        os.kill(os.getpid(), signal.SIGKILL if plan["action"] == "kill" else signal.SIGSTOP)

    crash_points.arm(at)


def worker(command: dict[str, Any]) -> None:
    """Be an execution process until it ends."""
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    log = os.open(command["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for number in (1, 2):
        os.dup2(log, number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ.update(command["env"])
    if command["strike"]:
        strike(command["strike"])
    main(execution.run)


def serve() -> None:
    """Fork a worker for every line until the input ends."""
    warnings.simplefilter("ignore")
    connect("binance", Credentials())  # the first one bears the cost of its class
    # What is loaded here is not garbage: a worker that looked through it would copy every page of it.
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for workers: their pids end with them
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            worker(json.loads(line))
        print(pid, flush=True)


if __name__ == "__main__":
    serve()
