"""What runs because something happened."""

import dagster as dg

from adapters.exchange.clock import WallClock
from adapters.settings import load
from adapters.store import audit
from adapters.store.database import Database


@dg.run_failure_sensor(default_status=dg.DefaultSensorStatus.RUNNING, minimum_interval_seconds=15)
def failed_runs(context: dg.RunFailureSensorContext) -> None:
    """Write each run that failed into the audit chain: what the guard, status and alerts read."""
    run, settings = context.dagster_run, load()
    about = {
        "job": run.job_name,
        "book": settings.book,
        "partition": run.tags.get("dagster/partition"),
        "error": (context.failure_event.message or "")[:1000],
        "steps": [step.step_key for step in context.get_step_failure_events()],
    }
    with Database(settings.required("database_url"), size=1) as database, database.transaction() as connection:
        audit.record(connection, WallClock().now(), "dagster", "run_failed", run.run_id, about)


ALL: list[dg.SensorDefinition] = [failed_runs]
