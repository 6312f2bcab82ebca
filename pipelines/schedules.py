"""When the jobs run by themselves, under `tradewind up`."""

from datetime import UTC, timedelta
from functools import partial

import dagster as dg

from adapters.settings import load
from adapters.sources.declared import FILE, declared
from pipelines import jobs, runs

_UNDER_WAY = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]

Request = dg.RunRequest | dg.SkipReason
_scheduled = partial(dg.schedule, execution_timezone="UTC", default_status=dg.DefaultScheduleStatus.RUNNING)


@_scheduled(job=jobs.intraday, cron_schedule="* * * * *")
def intraday_every_minute(context: dg.ScheduleEvaluationContext) -> Request:
    """Take the bar that has just closed to signals."""
    return _request(context, "intraday", timedelta(minutes=1))


@_scheduled(job=jobs.daily, cron_schedule="5-59/15 * * * *")
def daily_of_today(context: dg.ScheduleEvaluationContext) -> Request:
    """Value the book and write the report of the current day as far as it has come."""
    return _request(context, "daily", timedelta(0))


@_scheduled(job=jobs.daily, cron_schedule="2 0 * * *")
def daily_of_yesterday(context: dg.ScheduleEvaluationContext) -> Request:
    """Write the final report of the day that has ended."""
    return _request(context, "daily", timedelta(days=1))


@_scheduled(job=jobs.studies, cron_schedule="10 0 * * *")
def studies_of_yesterday(context: dg.ScheduleEvaluationContext) -> Request:
    """Compute the features of the day that has ended that no signal waits for."""
    return _request(context, "studies", timedelta(days=1))


@_scheduled(job=jobs.training, cron_schedule="30 0 * * *")
def training_every_day(context: dg.ScheduleEvaluationContext) -> Request:
    """Train the models anew on all that is known by then."""
    return _request(context, "training")


@_scheduled(job=jobs.taxes, cron_schedule="20 0 * * *")
def taxes_every_day(context: dg.ScheduleEvaluationContext) -> Request:
    """Tell the tax year of the day that has ended; on the first day of a year that is the year before."""
    year = f"{context.scheduled_execution_time.astimezone(UTC) - timedelta(days=1):%Y}"
    rules = {"country": load().tax_country}
    return _under_way(context, "taxes", year) or runs.request("taxes", year, config={"reports__tax_report": rules})


@_scheduled(job=jobs.upkeep, cron_schedule="40 * * * *")
def upkeep_every_hour(context: dg.ScheduleEvaluationContext) -> Request:
    """Archive and delete what is due by then, and refresh the rollups."""
    return _request(context, "upkeep")


@_scheduled(job=jobs.sources, cron_schedule="1-59/5 * * * *")
def sources_every_five_minutes(context: dg.ScheduleEvaluationContext) -> Request:
    """Visit the sources that are due; without a file of sources nothing runs."""
    settings = load()
    if not declared(settings):
        return dg.SkipReason(f"no source is declared: {settings.sources or settings.data_dir / FILE} is not there")
    return _request(context, "sources")


def _request(context: dg.ScheduleEvaluationContext, job: str, back: timedelta | None = None) -> Request:
    """Return a run of `job`, for the day that lies `back` before the tick if that is said, unless one is under way."""
    day = None if back is None else f"{context.scheduled_execution_time.astimezone(UTC) - back:%Y-%m-%d}"
    return _under_way(context, job, day) or runs.request(job, day)


def _under_way(context: dg.ScheduleEvaluationContext, job: str, day: str | None) -> dg.SkipReason | None:
    tags = {} if day is None else {"dagster/partition": day}
    busy = context.instance.get_runs(dg.RunsFilter(job_name=job, statuses=_UNDER_WAY, tags=tags), limit=1)
    return dg.SkipReason(f"run {busy[0].run_id} of {job} is still under way") if busy else None


ALL = [
    intraday_every_minute,
    daily_of_today,
    daily_of_yesterday,
    studies_of_yesterday,
    training_every_day,
    taxes_every_day,
    upkeep_every_hour,
    sources_every_five_minutes,
]
