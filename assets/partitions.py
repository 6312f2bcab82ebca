"""One time dimension for all assets: the day in UTC. Symbols are data."""

from datetime import datetime, timedelta

import dagster as dg

#: The day of the first Binance candle; bars before it are loaded with the history, without a partition of their own.
DAILY = dg.DailyPartitionsDefinition(start_date="2017-08-17", timezone="UTC", end_offset=1)

#: A run with this tag writes all history up to the end of its day, in one materialisation per asset.
HISTORY = "tradewind/history"

#: A run with this tag writes what has changed from the start of its day up to now, in whatever partition it lies.
ONWARD = "tradewind/onward"


def window(
    context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext, now: datetime
) -> tuple[datetime | None, datetime]:
    """Return [start, end) of what this run writes: its day up to `now`, or all that lies before `now` (start None).

    With the tag ONWARD it does not end with its day.
    """
    # A check has no partition of its own; the run's tag holds the day for both.
    day = datetime.fromisoformat(context.run.tags["dagster/partition"] + "T00:00:00+00:00")
    start = None if HISTORY in context.run.tags else day
    return start, now if ONWARD in context.run.tags else min(day + timedelta(days=1), now)
