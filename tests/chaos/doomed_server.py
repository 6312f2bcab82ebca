"""A durable PostgreSQL that dies and comes back, and a witness of what it had acknowledged."""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import psycopg

from adapters.exchange.court_record import accepted_orders
from adapters.store import postgres_process
from adapters.store.local_postgres import LocalPostgres, fresh_database
from adapters.store.postgres_home import folder_of
from tests.chaos.rig import Rig
from tests.chaos.worker import PATIENCE
from trading.errors import TradewindError

T = TypeVar("T")

#: A worker that waits for the database must not notice its return much later than this.
BACK_SECONDS = 5.0
#: So many that no position comes near the largest order that the limits allow.
STRATEGIES = 6


@dataclass
class Server:
    """A durable server of its own, which dies and comes back on the same port."""

    postgres: LocalPostgres
    url: str = ""

    def start(self) -> None:
        self.postgres.start()
        self.url = self.url or fresh_database(self.postgres.url(), "chaos")

    def strike(self, kind: str) -> None:
        """Let it die of `kind`; a server whose sessions are terminated lives on."""
        if kind == "sessions":
            with psycopg.connect(self.postgres.url("postgres"), autocommit=True) as connection:
                connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = 'chaos'")
            return
        assert self.postgres.pid is not None
        os.kill(self.postgres.pid, signal.SIGKILL if kind == "kill" else signal.SIGQUIT)
        data = folder_of(self.postgres.data_dir) / "data"
        deadline = time.monotonic() + 20
        while postgres_process.processes(data) and time.monotonic() < deadline:
            time.sleep(0.01)


@dataclass
class Witness:
    """What was seen as done before a crash, and must be there after it."""

    floor: Rig
    orders: set[str] = field(default_factory=set)
    audit: dict[int, bytes] = field(default_factory=dict)

    def look(self) -> None:
        """Note the orders that the venue has taken and the audit rows that can be read."""
        self.orders |= {order.client_id for order in accepted_orders(self.floor.simulator.record)}
        self.audit |= self._rows(
            "select seq as k, hash as v from ops.audit_events where seq > %s", max(self.audit, default=0)
        )

    def check(self) -> None:
        """Check that all of it is there."""
        intents = self._rows("select client_id as k, epoch as v from trading.orders where %s > 0", 1)
        assert self.orders <= set(intents), "the venue took orders whose intents are gone"
        kept = self._rows("select seq as k, hash as v from ops.audit_events where seq > %s", 0)
        assert self.audit.items() <= kept.items(), "audit rows that were seen are gone"

    def _rows(self, query: str, value: int) -> dict[Any, Any]:
        with self.floor.database.transaction() as connection:
            return {row["k"]: row["v"] for row in connection.execute(query, (value,)).fetchall()}  # type: ignore[arg-type]


def patiently(ask: Callable[[], T]) -> T:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return ask()
        except TradewindError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def trading_again(floor: Rig, began: float) -> float:
    """Return how many seconds after `began` new messages have had their effect."""
    floor.tell(4)
    told = floor.published
    deadline = time.monotonic() + PATIENCE
    while patiently(lambda: floor.consumed) < told:
        assert time.monotonic() < deadline, floor.story()
        time.sleep(0.02)
    return time.monotonic() - began
