"""Dagster's tables, whole: it makes them one by one, and a start that was killed meanwhile would never be made good."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dagster import DagsterInstance


def complete(instance: "DagsterInstance") -> None:
    """Make what is missing of the tables and indexes of `instance`; what is there stays.

    Dagster looks for the first table of each storage only, and takes the rest for granted.
    """
    runs: Any = instance.run_storage
    events: Any = instance.event_log_storage
    schedules: Any = instance.schedule_storage
    for storage in (runs, events, schedules):
        storage._init_db()
    for storage in (runs, schedules):
        storage.migrate()
        storage.optimize()
    events.reindex_events()
    events.reindex_assets()
