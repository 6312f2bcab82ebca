"""Runs whose process is gone are ended at a start, those that ended by themselves are left alone."""

import dagster as dg

from cli.session.orphans import end_orphans


def test_only_runs_under_way_are_ended() -> None:
    status = dg.DagsterRunStatus
    with dg.DagsterInstance.ephemeral() as instance:
        made = {
            each: instance.add_run(dg.DagsterRun(job_name="intraday", status=each)).run_id
            for each in (status.STARTING, status.STARTED, status.SUCCESS, status.FAILURE)
        }
        ended = end_orphans(instance)
        after = {each: instance.get_run_by_id(run_id) for each, run_id in made.items()}
    assert sorted(ended) == sorted(made[each] for each in (status.STARTING, status.STARTED))
    assert {each: run.status for each, run in after.items() if run is not None} == {
        status.STARTING: status.CANCELED,
        status.STARTED: status.CANCELED,
        status.SUCCESS: status.SUCCESS,
        status.FAILURE: status.FAILURE,
    }
