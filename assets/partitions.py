"""One time dimension for all assets: the day in UTC. Symbols are data."""

from datetime import datetime, timedelta

import dagster as dg

#: The day of the first Binance candle; a history that begins earlier is loaded by the unpartitioned bootstrap.
DAILY = dg.DailyPartitionsDefinition(start_date="2017-08-17", timezone="UTC", end_offset=1)


def window(context: dg.AssetExecutionContext, now: datetime) -> tuple[datetime | None, datetime]:
    """Return [start, end) of what this run writes: its day up to `now`, or all history when it has no partition."""
    if not context.has_partition_key:
        return None, now
    day = datetime.fromisoformat(context.partition_key + "T00:00:00+00:00")
    return day, min(day + timedelta(days=1), now)
