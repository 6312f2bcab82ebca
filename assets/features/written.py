"""How the assets that compute features from bars end: versions written, and the other days that changed named."""

from datetime import datetime

import dagster as dg
import polars as pl

from assets.partitions import ONWARD
from assets.resources import Desk


def write(
    context: dg.AssetExecutionContext, at: Desk, table: str, rows: pl.DataFrame, start: datetime | None, now: datetime
) -> dict[str, int]:
    """Write `rows` (symbol, ts, knowledge_ts, content) to `table` and return how many there were and were new.

    A run that goes onward from its day says of each other day that it has changed that it is materialised too.
    """
    keys = [pl.lit(value).alias(name) for name, value in at.keys.items()]
    written = at.store.write(table, rows.with_columns(keys), now)
    days = at.store.days_written(table, start) if ONWARD in context.run.tags else []
    for day in days:
        if day != context.partition_key:
            because = {"because of late candles of": context.partition_key}
            context.log_event(dg.AssetMaterialization(context.asset_key, partition=day, metadata=because))
    return {"dagster/row_count": rows.height, "rows written": written}
