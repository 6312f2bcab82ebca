"""Rows for a time that lies in the archive: what is there already is left out, what is new there is refused."""

from datetime import datetime

import polars as pl

from adapters.store import archive, cold
from adapters.store.database import Connection
from adapters.store.known import differing
from adapters.store.layout import Layout
from trading.errors import BadData


def without_archived(connection: Connection, layout: Layout, rows: pl.DataFrame, now: datetime | None) -> pl.DataFrame:
    """Return `rows` without those that the archive has.

    Raises:
        BadData: rows differ from what is archived of their time; the message says how to open it again.
    """
    if "ts" not in layout.key or not {"venue", "symbol"} <= set(layout.key):
        return rows
    first, last = rows["ts"].min(), rows["ts"].max()
    for folder, part, file in archive.listed(connection, layout.table, first, last):  # pyright: ignore[reportArgumentType]
        inside = (
            (pl.col("venue") == part.venue)
            & (pl.col("symbol") == part.symbol)
            & (pl.col("ts") >= part.since)
            & (pl.col("ts") < part.until)
        )
        mine = rows.filter(inside)
        if mine.is_empty():
            continue
        if others := differing(mine, cold.read(folder, file), layout.key, layout.content, now).height:
            restore = f"`tradewind data archive --restore {file.path}` brings it back to be written to"
            raise BadData(f"{others} rows differ from the archive of {part}; {restore}")
        rows = rows.filter(~inside)
    return rows
