"""Dagster's tables are made good where an earlier start was killed while it made them."""

from pathlib import Path

import psycopg
import pytest

from adapters.settings import Settings
from cli.session.stack import dagster_instance


def tables(database: str) -> set[str]:
    with psycopg.connect(database) as connection:
        return {name for (name,) in connection.execute("select tablename from pg_tables where schemaname = 'public'")}


def test_half_made_tables_are_completed(tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRADEWIND_DAGSTER_URL", "postgresql+psycopg2://" + database.split("://", 1)[1])
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    settings = Settings(data_dir=tmp_path)
    with dagster_instance(settings):
        whole = tables(database)
    with psycopg.connect(database) as connection:
        connection.execute("drop table asset_check_executions, concurrency_slots")
        connection.execute("truncate secondary_indexes")
    with dagster_instance(settings) as instance:
        assert instance.event_log_storage.supports_asset_checks
    assert tables(database) == whole
