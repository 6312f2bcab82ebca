"""Before a book trades: its history and models are made, or what was missed while nothing ran is taken in."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from adapters.store import accounts, gates, instruments, progress
from adapters.store.database import Database
from cli.session.interruption import heeded
from cli.session.plan import CAPITAL, RunPlan
from trading.ports import Clock

if TYPE_CHECKING:
    from dagster import DagsterInstance

_DAY = timedelta(days=1)

Told = Callable[[str, int, int], None]


def prepare(plan: RunPlan, database: Database, instance: "DagsterInstance", clock: Clock, told: Told) -> None:
    """Bring the book of `plan` to the present: all of its history the first time, the days missed later on."""
    now = clock.now()
    if not progress.bootstrapped(database, plan.book):
        bootstrap(plan, database, instance, now, clock.now, told)
        return
    missed = missed_days(_newest(plan, database, now), now)
    for number, day in enumerate(missed):
        told("days missed", number, len(missed))
        run_job("intraday", plan.book, instance, day)
        run_job("daily", plan.book, instance, day)
    told("days missed", len(missed), len(missed))


def bootstrap(
    plan: RunPlan,
    database: Database,
    instance: "DagsterInstance",
    day: datetime,
    now: Callable[[], datetime],
    told: Told,
) -> None:
    """Load the history up to `day`, train the models, and pay the capital in, the last thing to be done.

    `now` is asked after the job: what the job has stored must be known by then.
    """
    told("history and models", 0, 1)
    run_job("bootstrap", plan.book, instance, day, history=True)
    owners = [(strategy, symbol) for strategy in plan.strategies for symbol in plan.symbols]
    done = now()
    with database.transaction() as connection:
        instruments.load(connection, plan.venue, plan.symbols, done)
        accounts.fund(connection, plan.book, owners, plan.quote, CAPITAL, done)
    told("history and models", 1, 1)


def missed_days(newest: datetime, now: datetime) -> list[datetime]:
    """Return midnight of each day, from that of the newest bar on, that ended before `now`; today is not missed."""
    day = newest.replace(hour=0, minute=0, second=0, microsecond=0)
    days = []
    while day + _DAY <= now:
        days.append(day)
        day += _DAY
    return days


def run_job(job: str, book: str, instance: "DagsterInstance", day: datetime, *, history: bool = False) -> None:
    """Run `job` in this process for the partition of `day`, or for all history up to it; Interrupted when told to."""
    from pipelines.definitions import HISTORY, defs

    tags = {"tradewind/book": book, **({HISTORY: "all"} if history else {})}
    # Dagster's console is for its own command line; all of it is in the run's log all the same.
    quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    with heeded():
        defs.resolve_job_def(job).execute_in_process(
            instance=instance, partition_key=f"{day:%Y-%m-%d}", tags=tags, run_config=quiet
        )


def _newest(plan: RunPlan, database: Database, now: datetime) -> datetime:
    found = [gates.newest_bar(database, plan.venue, symbol, str(plan.timeframe), now) for symbol in plan.symbols]
    return min((ts for ts in found if ts is not None), default=now)
