"""The parts of a session on this machine: database, broker, simulator, publisher, execution; all end with it."""

import contextlib
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from adapters.bus.local_broker import LocalBroker
from adapters.bus.market_topics import market_topics
from adapters.bus.signal_topic import ensure_topic
from adapters.exchange.simulator_control import SimulatorControl
from adapters.settings import Settings, environment
from adapters.store.database import reach
from adapters.store.local_postgres import LocalPostgres
from adapters.store.migrate import migrate
from cli.session import simulator
from cli.session.dagster_tables import complete
from cli.session.markets import Market
from cli.session.secrets import LocalSecrets
from services.supervisor.child import Child
from services.supervisor.lock import exclusive
from services.supervisor.supervisor import Supervisor
from trading.errors import Misconfigured

if TYPE_CHECKING:
    from dagster import DagsterInstance

_READY_SECONDS = 60.0
#: Where the market does not wait for us, one slow symbol must not hold up the others.
_LANES = 4


class Stack:
    """What runs, in the order in which it was started. `settings` is what every part of the session is told."""

    def __init__(self, settings: Settings, supervisor: Supervisor, postgres: LocalPostgres | None) -> None:
        self.settings = settings
        self.supervisor = supervisor
        self._postgres = postgres
        self._secrets = LocalSecrets(settings.data_dir)

    def roots(self) -> list[int]:
        """Return processes that are ours though they do not descend from us: the database server."""
        pid = None if self._postgres is None else self._postgres.pid
        return [] if pid is None else [pid]

    def revive(self, told: Callable[[str], None]) -> None:
        """Start the local database server again when it has died; what it acknowledged is there again."""
        if self._postgres is not None and self._postgres.pid is None:
            told("the database server has ended, starts again")
            self._postgres.start()

    def use(self, **changes: object) -> None:
        """Change the settings for all that is started from now on, and for this process."""
        self.settings = self.settings.model_copy(update=changes)
        os.environ.update(environment(self.settings))

    def start_simulator(self, market: Market, *, wall: bool = False) -> SimulatorControl:
        """Start the exchange for the book of `market` and return its control."""
        folder = self.settings.data_dir / "simulator" / market.plan.book
        config, ready = simulator.write_config(self.settings, market, folder, self._secrets, wall=wall)
        ready.unlink(missing_ok=True)
        child = self.start("simulator", "services.simulator.main", "--config", str(config))
        child.wait_ready(ready, _READY_SECONDS)
        addresses = simulator.read_addresses(ready)
        simulator.keep_ports(config, addresses)
        self.use(book=market.plan.book, **simulator.settings_of(addresses, market.plan.book, self._secrets))
        if wall:
            self.use(market_time="running", lanes=_LANES)
        return SimulatorControl(addresses["control_url"], self.settings.required("control_token"))

    def start(self, name: str, module: str, *arguments: str, death_signal: signal.Signals = signal.SIGKILL) -> Child:
        """Start a module as a child process; `death_signal` is what it gets when we die without a word."""
        log = self.settings.data_dir / "logs" / f"{name}.log"
        argv = [sys.executable, "-m", module, *arguments]
        return self.supervisor.start(Child(name, argv, dict(os.environ), log, death_signal))


@contextlib.contextmanager
def running(settings: Settings) -> Iterator[Stack]:
    """Yield the stack with database and broker running and the schema up to date; end everything afterwards.

    Raises:
        Misconfigured: the data folder is in use or cannot be used, or the mode is not local.
        Unavailable: a part does not start; the message holds its last words.
    """
    if settings.mode != "local":
        raise Misconfigured(f"TRADEWIND_MODE={settings.mode}: orders go only to the simulator so far; use local")
    data_dir = settings.data_dir.resolve()
    with contextlib.ExitStack() as parts:
        parts.enter_context(exclusive(data_dir))
        postgres = None
        if settings.database_url is None:
            postgres = LocalPostgres(data_dir)
            parts.callback(postgres.stop)
            postgres.start()
        else:
            reach(settings.required("database_url"))
        broker = None
        if settings.kafka is None:
            broker = parts.enter_context(LocalBroker())
        # The last to begin is the first to end: no child may see its database or broker go.
        stack = Stack(settings, parts.enter_context(Supervisor(data_dir)), postgres)
        stack.use(data_dir=data_dir, signal_key=_secret(settings, data_dir))
        if postgres is not None:
            stack.use(database_url=_hidden(postgres.url()), dagster_url=_hidden(_for_dagster(postgres.url("dagster"))))
        elif settings.dagster_url is None:
            # Dagster's tables are in the schema public, ours are in schemas of their own.
            stack.use(dagster_url=_hidden(_for_dagster(stack.settings.required("database_url"))))
        migrate(stack.settings.required("database_url"))
        if broker is not None:
            broker.create_topic(settings.signal_topic, settings.signal_partitions)
            for topic in market_topics(settings.market_topic):
                broker.create_topic(topic, 1)
            stack.use(kafka=broker.bootstrap, kafka_api_version="2.3")
        elif settings.kafka is not None:
            ensure_topic(settings.kafka, settings.kafka_api_version, settings.signal_topic, settings.signal_partitions)
        yield stack


def dagster_instance(settings: Settings) -> "DagsterInstance":
    """Return Dagster's instance, its home below the data folder, its storage in our database server."""
    from dagster import DagsterInstance

    home = settings.data_dir / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(Path(__file__).parents[2] / "dagster.yaml", home / "dagster.yaml")
    os.environ["DAGSTER_HOME"] = str(home)
    instance = DagsterInstance.from_config(str(home))
    complete(instance)
    return instance


def _secret(settings: Settings, data_dir: Path):
    return settings.signal_key or _hidden(LocalSecrets(data_dir).derive("signals"))


def _hidden(value: str):
    from pydantic import SecretStr

    return SecretStr(value)


def _for_dagster(url: str) -> str:
    """Return the URL for Dagster, whose storage needs the psycopg2 driver named."""
    return "postgresql+psycopg2://" + url.split("://", 1)[1]
