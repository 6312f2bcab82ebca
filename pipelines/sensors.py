"""What runs because something happened."""

from datetime import UTC, datetime

import dagster as dg

from adapters.exchange.clock import WallClock
from adapters.settings import load
from adapters.store import audit, books, stored_candles
from adapters.store.database import Database
from assets.partitions import ONWARD
from pipelines import jobs, runs

#: A bar that was stored so long after its close is late; what comes before is taken up by the runs of its day.
_PATIENCE_SECONDS = 900


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


@dg.sensor(
    jobs=[jobs.recompute, jobs.daily],
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=30,
)
def late_candles(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """Compute anew what rests on bars of past days that were stored late or revised: features, valuation, report.

    Forecasts and signals stay what they were: they were made, and perhaps traded on, with what was known then.
    """
    settings, now = load(), WallClock().now()
    if context.cursor is None:
        return dg.SensorResult(cursor=now.isoformat())
    with Database(settings.required("database_url"), size=1) as database, database.transaction() as connection:
        row = books.get(connection, settings.book)
        if row is None:
            return dg.SkipReason(f"there is no book {settings.book}")
        chosen = row["configuration"]
        series = {name: chosen[name] for name in ("venue", "timeframe", "symbols")}
        today = datetime(now.year, now.month, now.day, tzinfo=UTC)
        since = datetime.fromisoformat(context.cursor)
        days, seen = stored_candles.late(connection, series, since, today, _PATIENCE_SECONDS)
    if not days:
        return dg.SkipReason("no late candles")
    key = f"late {seen.isoformat()}"
    onward = runs.request("recompute", days[0], f"{key} features", tags={ONWARD: "late candles"})
    valued = [runs.request("daily", day, f"{key} {day}") for day in days]
    return dg.SensorResult(run_requests=[onward, *valued], cursor=seen.isoformat())


ALL: list[dg.SensorDefinition] = [failed_runs, late_candles]
