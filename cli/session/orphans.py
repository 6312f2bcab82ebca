"""Dagster runs whose process is gone: they would hold their place and their pool for ever."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dagster import DagsterInstance


def end_orphans(instance: "DagsterInstance", *, book: str | None = None) -> list[str]:
    """End all runs under way (those of `book`, when named) and free their pools; return their ids.

    For a start that knows that nothing of the runs is alive: it holds the data folder, and stopped what was left.
    """
    from dagster import DagsterRunStatus, RunsFilter

    statuses = [
        DagsterRunStatus.QUEUED,
        DagsterRunStatus.NOT_STARTED,
        DagsterRunStatus.STARTING,
        DagsterRunStatus.STARTED,
        DagsterRunStatus.CANCELING,
    ]
    tags = {} if book is None else {"tradewind/book": book}
    orphans = instance.get_runs(RunsFilter(statuses=statuses, tags=tags))
    for run in orphans:
        instance.report_run_canceled(run, message="The process of this run ended before it did.")
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
    return [run.run_id for run in orphans]
