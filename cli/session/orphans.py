"""Dagster runs whose process is gone: they would hold their place and their pool for ever."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dagster import DagsterInstance


def end_orphans(instance: "DagsterInstance") -> list[str]:
    """End all runs under way and free their pools; return their ids.

    For a start that knows that nothing of them is alive: it holds the data folder, and stopped what was left. Dagster's
    database must therefore be of this data folder alone.
    """
    from dagster import DagsterRunStatus, RunsFilter

    statuses = [
        DagsterRunStatus.QUEUED,
        DagsterRunStatus.NOT_STARTED,
        DagsterRunStatus.STARTING,
        DagsterRunStatus.STARTED,
        DagsterRunStatus.CANCELING,
    ]
    orphans = instance.get_runs(RunsFilter(statuses=statuses))
    for run in orphans:
        instance.report_run_canceled(run, message="The process of this run ended before it did.")
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
    return [run.run_id for run in orphans]
