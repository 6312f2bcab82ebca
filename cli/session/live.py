"""All that `tradewind up` keeps running: the stack on wall time, the guard, Dagster's webserver and daemon."""

import contextlib
import os
import signal
import socket
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from adapters.exchange.clock import WallClock
from adapters.settings import Settings
from adapters.store.database import Database
from cli.session.orphans import end_orphans
from cli.session.preparation import Told, prepare
from cli.session.stack import Stack, dagster_instance, running
from cli.session.standing import open_standing
from services.supervisor.child import Child
from trading.errors import Unavailable

_WORKSPACE = Path(__file__).parents[2] / "workspace.yaml"
#: The standby is a second execution: it takes the book over when the first falls silent.
_SERVICES = {
    "publisher": "publisher",
    "collector": "collector",
    "execution": "execution",
    "standby": "execution",
    "guard": "guard",
}
_PATIENCE_SECONDS = 180.0


class _CodeServer(Child):
    """Dagster's code server: the runs are its children and end with it, so a start finds none that is alive."""

    def start(self) -> None:
        """End what an earlier code server left in the books, then start."""
        from dagster import DagsterInstance

        with DagsterInstance.get() as instance:
            end_orphans(instance)
        super().start()


@dataclass(frozen=True)
class Live:
    """What runs, and the address of Dagster's UI."""

    stack: Stack
    dagster: str


@contextlib.contextmanager
def live(settings: Settings, seed: int | None, port: int | None, told: Told) -> Iterator[Live]:
    """Yield when all runs; end it, the last started first, when the block is left.

    Raises:
        Misconfigured: an option does not fit the stored book, or the data folder cannot be used.
        Unavailable: a part does not start; the message holds its last words.
    """
    told("starting", 0, 2)
    with running(settings) as stack:
        with Database(stack.settings.required("database_url"), size=2) as database:
            with database.transaction() as connection:
                market = open_standing(connection, settings.book, seed, WallClock().now())
            stack.start_simulator(market, wall=True).close()
            with dagster_instance(stack.settings) as instance:
                end_orphans(instance)
                prepare(market.plan, database, instance, WallClock(), told)
        told("starting", 1, 2)
        for name, package in _SERVICES.items():
            stack.start(name, f"services.{package}.main")
        url = _start_dagster(stack, port)
        told("starting", 2, 2)
        yield Live(stack, url)


def _start_dagster(stack: Stack, port: int | None) -> str:
    """Start code server, daemon and webserver and return the address of the UI when it answers.

    One code server is enough for both: a daemon that has its own loads the definitions anew every minute. The three end
    their children when they are asked to, so that is what they get at our death.
    """
    log, at = stack.settings.data_dir / "logs" / "dagster-code.log", str(free_port(None))
    os.environ["DAGSTER_CODE_PORT"] = at
    argv = [sys.executable, "-m", "dagster", "api", "grpc", "-h", "127.0.0.1", "-p", at, "-m", "pipelines.definitions"]
    code = stack.supervisor.start(_CodeServer("dagster-code", argv, dict(os.environ), log, signal.SIGTERM))
    code.wait_ready(lambda: _listens(int(at)), _PATIENCE_SECONDS)
    workspace = ("-w", str(_WORKSPACE))
    stack.start("dagster-daemon", "dagster._daemon", "run", *workspace, death_signal=signal.SIGTERM)
    chosen = free_port(port)
    url = f"http://127.0.0.1:{chosen}"
    address = ("-h", "127.0.0.1", "-p", str(chosen))
    web = stack.start("dagster-webserver", "dagster_webserver", *address, *workspace, death_signal=signal.SIGTERM)
    web.wait_ready(lambda: _answers(f"{url}/server_info"), _PATIENCE_SECONDS)
    return url


def free_port(wanted: int | None) -> int:
    """Return `wanted` when nobody listens there on the loopback, else a free port; Unavailable when there is none."""
    for port in (wanted or 0, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return probe.getsockname()[1]
    raise Unavailable("no free port on 127.0.0.1")


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _answers(url: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False
