"""Dagster's storage in PostgreSQL, with connections that are kept: one per event cost a third of the time of a run."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from dagster import StringSource
from dagster._serdes import ConfigurableClassData
from dagster_postgres.storage import DagsterPostgresStorage
from sqlalchemy import create_engine

#: Beyond the one that stays, for threads that ask at once.
_MORE = 20


class PooledStorage(DagsterPostgresStorage):
    """What `dagster.yaml` names as the storage; all that it is told is `postgres_url`.

    Dagster's own connects anew for each thing it reads or writes, and a connection is a process of the server. One
    that has died meanwhile (the server was restarted) is noticed before it is used. It also asks with every event which
    columns its tables have; they are those of the pinned version for as long as the process lives.
    """

    def __init__(self, postgres_url: str, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__(postgres_url, inst_data=inst_data)
        runs: Any = self.run_storage
        events: Any = self.event_log_storage
        schedules: Any = self.schedule_storage
        for part in (runs, events, schedules):
            part._engine = create_engine(
                postgres_url, isolation_level="AUTOCOMMIT", pool_size=1, max_overflow=_MORE, pool_pre_ping=True
            )
        events.has_asset_key_col = cache(events.has_asset_key_col)
        runs.has_run_stats_index_cols = cache(runs.has_run_stats_index_cols)

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        """Return what may stand in `dagster.yaml`; Dagster refuses anything else by name."""
        return {"postgres_url": StringSource}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> "PooledStorage":
        """Return the storage that a `dagster.yaml` describes."""
        return cls(config_value["postgres_url"], inst_data)
