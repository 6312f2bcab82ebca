"""The walk: bootstrap once, then bar by bar; each step is one hop of the data and a barrier before time goes on."""

import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from adapters.exchange.simulator_control import SimulatorControl
from adapters.store import books, gates, parameters, progress
from adapters.store.database import Database
from cli.session.markets import Market
from cli.session.plan import RunPlan
from cli.session.preparation import Told, bootstrap, run_job
from cli.session.stack import Stack
from services.supervisor.child import Child
from trading.errors import Unavailable
from trading.limits import Limits

if TYPE_CHECKING:
    from dagster import DagsterInstance

#: A barrier that is not reached in this time will not be: something is broken, and the logs say what.
_PATIENCE_SECONDS = 180.0
#: How long an order may be unsettled on the wall's clock before venue time passes to prove its absence. Shorter than an
#: order takes on a slow machine, it would move the clock of a run whose orders are all on their way.
_GRACE_SECONDS = 5.0
_PROOF_STEP, _PROOF_SECONDS = timedelta(seconds=1), 0.5


class Walk:
    """One book from its first history to the close of its last bar; starts again wherever it was interrupted."""

    def __init__(self, stack: Stack, market: Market, database: Database, told: Told) -> None:
        self._stack = stack
        self._market = market
        self._plan: RunPlan = market.plan
        self._database = database
        self._told = told

    def go(self, control: SimulatorControl, instance: "DagsterInstance") -> None:
        """Walk to the end. Unavailable when a part died or a barrier is not reached; the same walk can go on later."""
        with self._database.transaction() as connection:
            book = books.get(connection, self._plan.book)
        assert book is not None  # noqa: S101
        if not progress.bootstrapped(self._database, self._plan.book):
            start = self._plan.window_start
            last_bar = start - self._plan.timeframe.delta
            bootstrap(self._plan, self._database, instance, last_bar, lambda: start, self._told)
        self._stack.start("publisher", "services.publisher.main")
        execution = self._stack.start("execution", "services.execution.main")
        for step in range(book["next_step"], self._plan.steps):
            self._told("trading", step, self._plan.steps)
            self._step(step, control, instance, execution)
        self._told("trading", self._plan.steps, self._plan.steps)

    def open(self) -> dict[str, Any]:
        """Write the book's row, the first limits and what was set aside of the files; return the row."""
        plan = self._plan
        with self._database.transaction() as connection:
            parameters.ensure_limits(connection, Limits(), "tradewind", "defaults")
            row = books.open_book(connection, plan.book, plan.configuration, plan.steps)
            keys = {"book": plan.book, "venue": plan.venue, "timeframe": str(plan.timeframe)}
            for symbol, found in self._market.vetted.items():
                gates.quarantine(connection, keys, symbol, found.quarantined, source="file")
        return row

    def _step(self, step: int, control: SimulatorControl, instance: "DagsterInstance", execution: Child) -> None:
        opens = self._plan.window_start + step * self._plan.timeframe.delta
        closes = opens + self._plan.timeframe.delta
        if control.state().now < closes:
            # A resumed step whose bar is already on its way has its signals; the asset would write the same rows.
            run_job("intraday", self._plan.book, instance, opens - self._plan.timeframe.delta)
            self._settle(control, execution, closes)
            while not control.advance(closes).done:
                self._settle(control, execution, closes)
        self._settle(control, execution, closes)
        with self._database.transaction() as connection:
            books.step_done(connection, self._plan.book, step)

    def close(self, instance: "DagsterInstance") -> None:
        """Value the book at the last close and write the report of each traded day."""
        day = self._plan.window_start
        while day < self._plan.end:
            run_job("daily", self._plan.book, instance, day)
            day = day.replace(hour=0, minute=0, second=0) + timedelta(days=1)

    def _settle(self, control: SimulatorControl, execution: Child, closes: datetime) -> None:
        """Wait until all that was known now has had its effect; let venue time pass where an order's proof needs it."""
        began = last_change = time.monotonic()
        while True:
            self._stack.supervisor.check()
            now = control.state().now
            pid = None if execution.identity is None else execution.identity.pid
            reached = progress.barrier(self._database, self._plan.book, now, pid)
            if reached.settled:
                return
            waited = time.monotonic()
            if waited - began > _PATIENCE_SECONDS:
                raise Unavailable(f"the barrier at {now.isoformat()} is not reached: {reached.why}; see {self._logs}")
            # The proof may need more time than the bar has left: it is then taken from the next one.
            if reached.unproven and waited - last_change > _GRACE_SECONDS and now < closes + self._plan.timeframe.delta:
                control.advance(now + _PROOF_STEP)
                last_change = time.monotonic() - _GRACE_SECONDS + _PROOF_SECONDS
            time.sleep(0.01)

    @property
    def _logs(self) -> str:
        return str(self._stack.settings.data_dir / "logs")
