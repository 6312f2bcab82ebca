"""Dagster's connections are kept, what became of a server meanwhile is noticed, and what cannot be set is refused."""

from pathlib import Path
from typing import Any

import psycopg
import pytest
from dagster import DagsterInstance, DagsterInvalidConfigError
from sqlalchemy import event, text

from adapters.settings import Settings
from cli.session.stack import dagster_instance


@pytest.fixture(autouse=True)
def home(tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRADEWIND_DAGSTER_URL", "postgresql+psycopg2://" + database.split("://", 1)[1])
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))


def serving(instance: DagsterInstance) -> list[int]:
    """Return the process of the server that answers each storage."""
    parts: list[Any] = [instance.run_storage, instance.event_log_storage, instance.schedule_storage]
    found = []
    for part in parts:
        with part._engine.connect() as connection:
            found.append(connection.execute(text("select pg_backend_pid()")).scalar())
    return found


def test_connections_are_kept_and_dead_ones_replaced(tmp_path: Path, database: str) -> None:
    with dagster_instance(Settings(data_dir=tmp_path)) as instance:
        first = serving(instance)
        instance.get_runs_count()
        assert serving(instance) == first
        with psycopg.connect(database, autocommit=True) as owner:
            for pid in first:
                owner.execute("select pg_terminate_backend(%s, 5000)", (pid,))
        assert instance.get_runs_count() == 0
        assert not set(serving(instance)) & set(first)


def test_columns_are_asked_for_once(tmp_path: Path, database: str) -> None:
    with dagster_instance(Settings(data_dir=tmp_path)) as instance:
        storage: Any = instance.event_log_storage
        runs: Any = instance.run_storage
        assert storage.has_asset_key_col("cached_status_data")
        assert not storage.has_asset_key_col("no_such_column")
        assert runs.has_run_stats_index_cols()
        asked: list[str] = []
        for part in (storage, runs):
            event.listen(part._engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
        assert storage.has_asset_key_col("cached_status_data")
        assert runs.has_run_stats_index_cols()
    assert asked == []


def test_what_cannot_be_set_is_refused_by_name(tmp_path: Path) -> None:
    with dagster_instance(Settings(data_dir=tmp_path)):
        pass
    written = tmp_path / "dagster" / "dagster.yaml"
    written.write_text(written.read_text().replace("      postgres_url:", "      pool: 7\n      postgres_url:"))
    with pytest.raises(DagsterInvalidConfigError, match="pool"):
        DagsterInstance.from_config(str(written.parent)).get_runs_count()
