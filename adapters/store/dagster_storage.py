"""Dagster's storage in PostgreSQL, with connections that are kept: one per event cost a third of the time of a run."""

from typing import Any

from dagster._core.storage.config import PostgresStorageConfig
from dagster._serdes import ConfigurableClassData
from dagster_postgres.storage import DagsterPostgresStorage
from dagster_postgres.utils import pg_url_from_config
from sqlalchemy import create_engine

#: Beyond the one that stays, for threads that ask at once.
_MORE = 20


class PooledStorage(DagsterPostgresStorage):
    """What `dagster.yaml` names as the storage; its configuration is that of Dagster's own, `postgres_url` alone.

    Dagster's own connects anew for each thing it reads or writes, and a connection is a process of the server. One
    that has died meanwhile (the server was restarted) is noticed before it is used.
    """

    def __init__(self, postgres_url: str, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__(postgres_url, inst_data=inst_data)
        parts: list[Any] = [self.run_storage, self.event_log_storage, self.schedule_storage]
        for part in parts:
            part._engine = create_engine(
                postgres_url, isolation_level="AUTOCOMMIT", pool_size=1, max_overflow=_MORE, pool_pre_ping=True
            )

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: PostgresStorageConfig
    ) -> "PooledStorage":
        """Return the storage that a `dagster.yaml` describes."""
        return cls(pg_url_from_config(config_value), inst_data)
