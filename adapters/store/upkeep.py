"""Upkeep: what the rows of ops.retention_policies ask for, done once; repeated after any kill it goes on."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from adapters.store import archive, dagster_log, holds, retention, rollups
from adapters.store.cold import File, Partition
from adapters.store.database import Database
from adapters.store.holds import Hold

Told = Callable[[str, int, int], None]


@dataclass
class Done:
    """What was moved to the archive, what is due and held, how many rows of which table were deleted."""

    moved: list[tuple[Partition, File]] = field(default_factory=list)
    held: list[tuple[Partition, Hold]] = field(default_factory=list)
    deleted: dict[str, int] = field(default_factory=dict)
    days_recounted: int = 0


def apply(
    database: Database,
    folder: Path,
    dagster_url: str | None = None,
    table: str | None = None,
    before: datetime | None = None,
    told: Told = lambda _phase, _done, _of: None,
) -> Done:
    """Archive and delete what is due of `table` or all tables and refresh the rollups; `before` replaces the policies.

    Dagster's log is left out without its URL.

    Raises:
        Misconfigured: there is no policy for `table`.
        Unavailable, BadData, Denied: as archive.move; what was moved before stays moved.
    """
    done = Done()
    folder = folder.resolve()
    parts, done.held = archive.pending(database, table, before)
    try:
        for number, part in enumerate(parts):
            told("partitions", number, len(parts))
            done.moved.append((part, archive.move(database, folder, part)))
        told("partitions", len(parts), len(parts))
    finally:
        archive.write_manifests(database, folder)
    with database.transaction() as connection:
        kept = [hold for hold in holds.active(connection) if hold.table in {None, retention.DAGSTER}]
        policies = [policy for policy in retention.policies(connection, table, before) if not policy.archived]
    for policy in policies:
        if policy.table != retention.DAGSTER:
            with database.transaction() as connection:
                done.deleted[policy.table] = retention.delete(connection, policy)
        elif dagster_url is not None:
            done.deleted[policy.table] = dagster_log.prune(dagster_url, policy.before, kept)
    done.days_recounted = rollups.refresh(database)
    return done
