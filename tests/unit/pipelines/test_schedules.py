"""What the schedules ask for, and that they run by themselves."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from pipelines import schedules, sensors

#: Dagster reads pydantic's fields the old way.
pytestmark = pytest.mark.filterwarnings("ignore:The `__fields__` attribute is deprecated")


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.local_temp(str(tmp_path_factory.mktemp("dagster"))) as made:
        yield made


def asked(schedule: dg.ScheduleDefinition, at: datetime, instance: dg.DagsterInstance) -> dg.RunRequest | dg.SkipReason:
    with dg.build_schedule_context(instance=instance, scheduled_execution_time=at) as context:
        return schedule(context)  # pyright: ignore[reportReturnType]


def partition(request: dg.RunRequest | dg.SkipReason) -> str | None:
    assert isinstance(request, dg.RunRequest)
    return request.partition_key


@pytest.mark.parametrize(
    ("at", "day"),
    [
        (datetime(2026, 3, 4, 12, 0, tzinfo=UTC), "2026-03-04"),
        # the bar that closes at midnight belongs to the day before
        (datetime(2026, 3, 4, 0, 0, tzinfo=UTC), "2026-03-03"),
        (datetime(2026, 3, 4, 0, 1, tzinfo=UTC), "2026-03-04"),
    ],
)
def test_intraday_takes_the_day_of_the_bar_that_closed(at: datetime, day: str, instance: dg.DagsterInstance) -> None:
    assert partition(asked(schedules.intraday_every_minute, at, instance)) == day


def test_the_final_report_is_that_of_yesterday(instance: dg.DagsterInstance) -> None:
    at = datetime(2026, 3, 4, 0, 2, tzinfo=UTC)
    assert partition(asked(schedules.daily_of_yesterday, at, instance)) == "2026-03-03"
    assert partition(asked(schedules.studies_of_yesterday, at, instance)) == "2026-03-03"
    assert partition(asked(schedules.daily_of_today, at, instance)) == "2026-03-04"


def test_training_has_no_partition(instance: dg.DagsterInstance) -> None:
    assert partition(asked(schedules.training_every_day, datetime(2026, 3, 4, tzinfo=UTC), instance)) is None


def test_taxes_are_told_of_the_year_that_the_last_day_was_in(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRADEWIND_TAX_COUNTRY", "uk")
    for at, year in ((datetime(2026, 1, 1, 0, 20, tzinfo=UTC), "2025"), (datetime(2026, 1, 2, tzinfo=UTC), "2026")):
        request = asked(schedules.taxes_every_day, at, instance)
        assert partition(request) == year
        assert isinstance(request, dg.RunRequest)
        assert request.run_config["ops"] == {"reports__tax_report": {"config": {"country": "uk"}}}


@pytest.mark.parametrize("status", [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED])
def test_a_tick_is_skipped_while_its_day_is_under_way(
    status: dg.DagsterRunStatus, instance: dg.DagsterInstance
) -> None:
    tags = {"dagster/partition": "2026-05-04"}
    instance.add_run(dg.DagsterRun(job_name="intraday", status=status, tags=tags))
    assert isinstance(
        asked(schedules.intraday_every_minute, datetime(2026, 5, 4, 12, tzinfo=UTC), instance), dg.SkipReason
    )
    assert partition(asked(schedules.daily_of_today, datetime(2026, 5, 4, 12, tzinfo=UTC), instance)) == "2026-05-04"
    assert partition(asked(schedules.intraday_every_minute, datetime(2026, 5, 5, 12, tzinfo=UTC), instance))


SOURCE = '[[source]]\nname = "x"\nkind = "feed"\nurl = "http://x.example"\nfresh = "1h"\nlicence = "own use"\n'


def test_sources_are_visited_only_where_some_are_declared(
    instance: dg.DagsterInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRADEWIND_DATA_DIR", str(tmp_path))
    at = datetime(2026, 3, 4, 12, 1, tzinfo=UTC)
    skipped = asked(schedules.sources_every_five_minutes, at, instance)
    assert isinstance(skipped, dg.SkipReason)
    assert str(tmp_path / "sources.toml") in (skipped.skip_message or "")
    (tmp_path / "sources.toml").write_text(SOURCE)
    assert partition(asked(schedules.sources_every_five_minutes, at, instance)) is None


def test_requests_fit_their_jobs(instance: dg.DagsterInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipelines.definitions import defs

    monkeypatch.setenv("TRADEWIND_DATA_DIR", str(tmp_path))
    (tmp_path / "sources.toml").write_text(SOURCE)

    for schedule in schedules.ALL:
        request = asked(schedule, datetime(2026, 3, 4, 12, tzinfo=UTC), instance)
        assert isinstance(request, dg.RunRequest)
        job = defs.resolve_job_def(schedule.job_name)
        assert dg.validate_run_config(job, request.run_config)


def test_all_run_by_default() -> None:
    assert {each.default_status for each in schedules.ALL} == {dg.DefaultScheduleStatus.RUNNING}
    assert {each.default_status for each in sensors.ALL} == {dg.DefaultSensorStatus.RUNNING}
