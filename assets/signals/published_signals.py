"""Asset signals/published_signals: what the publisher has sent to the topic, observed."""

import dagster as dg

from adapters.store import outbox
from assets.resources import DeskResource


@dg.asset(
    key_prefix="signals",
    group_name="signals",
    kinds={"kafka", "postgres"},
    deps=[dg.AssetKey(["signals", "strategy_signals"])],
)
def published_signals(context: dg.AssetExecutionContext, desk: DeskResource) -> dg.MaterializeResult:
    """Messages of the signal topic with their partition and offset. Written by the publisher; here they are counted."""
    with desk.open(context) as at, at.database.transaction() as connection:
        sent, waiting, last = outbox.progress(connection, at.book)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": sent,
            "waiting": waiting,
            "last published": str(last),
            "topic": at.settings.signal_topic,
        }
    )
