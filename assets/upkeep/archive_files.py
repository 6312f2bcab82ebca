"""Asset upkeep/archive_files: old rows moved to the archive or deleted, as the retention policies ask."""

import dagster as dg

from adapters.store import upkeep
from assets.resources import DeskResource


@dg.asset(key_prefix="upkeep", group_name="upkeep", kinds={"parquet", "postgres"})
def archive_files(context: dg.AssetExecutionContext, desk: DeskResource) -> dg.MaterializeResult:
    """Files of the archive, one per table, venue, symbol and day or month: the manifest is ops.archive_files.

    What is older than ops.retention_policies says is moved there, or deleted where it is not archived; what a row of
    ops.legal_holds names stays. Dagster's own log is pruned and the rollups are refreshed too.
    """
    with desk.open(context) as at:
        url = at.settings.dagster_url.get_secret_value() if at.settings.dagster_url else None
        done = upkeep.apply(at.database, at.settings.data_dir / "archive", url)
    return dg.MaterializeResult(
        metadata={
            "files written": len(done.moved),
            "rows archived": sum(file.row_count for _, file in done.moved),
            "partitions held": len(done.held),
            "days of rollups recounted": done.days_recounted,
            **{f"deleted from {table}": rows for table, rows in done.deleted.items()},
        }
    )
