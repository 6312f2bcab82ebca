"""Which rows of a frame need no writing: those that are stored already, found out series by series, many at once.

Asking the server row by row costs more than reading what it has: a backfill that is repeated writes nothing.
"""

from collections.abc import Iterator
from datetime import datetime

import polars as pl
from psycopg import sql as syntax

from adapters.store import stored_rows
from adapters.store.database import Database
from adapters.store.layout import Layout
from trading.candle import TS

#: Fewer rows of a series than this are left to the server.
_FEWEST = 1_000
#: So many rows of a series are compared at a time: memory does not grow with the frame.
_SLICE = 200_000
#: A series whose stored rows are so many times more than those at hand is left to the server.
_SPARSEST = 8
_NOW, _STORED = "_now", "_stored"


def without_known(database: Database, layout: Layout, rows: pl.DataFrame, now: datetime | None) -> pl.DataFrame:
    """Return `rows` without those whose content is stored as it was visible at their own time, or at `now` if later.

    A row may stay although it is known, never the other way round. What commits meanwhile is not seen.

    Raises:
        Unavailable: the server does not answer.
    """
    if layout.series is None or not layout.versioned or rows.height < _FEWEST:
        return rows
    parts = rows.partition_by(layout.series, maintain_order=True) if layout.series else [rows]
    if rows.height // len(parts) < _FEWEST:
        return rows
    return pl.concat([new for part in parts for new in _unknown(database, layout, part, now)])


def _unknown(database: Database, layout: Layout, rows: pl.DataFrame, now: datetime | None) -> Iterator[pl.DataFrame]:
    """Yield what may be new of the rows of one series, slice by slice in the order of time."""
    key = layout.key[len(layout.series or ()) :]
    if not rows["ts"].is_sorted():
        rows = rows.sort("ts", maintain_order=True)
    if rows.select(key).is_duplicated().any():
        rows = rows.unique(subset=key, keep="last", maintain_order=True)
    for part in rows.iter_slices(_SLICE):
        stored = _stored(database, layout, part, key)
        yield part if stored is None else differing(part, stored, key, layout.content, now)


def _stored(database: Database, layout: Layout, rows: pl.DataFrame, key: tuple[str, ...]) -> pl.DataFrame | None:
    """Return key, knowledge_ts and content of all versions within the time of `rows`; None: too many."""
    most = rows.height * _SPARSEST
    columns = [
        syntax.SQL("{}::text").format(syntax.Identifier(name))
        if rows.schema[name] == pl.String
        else syntax.Identifier(name)
        for name in (*key, "knowledge_ts", *layout.content)
    ]
    conditions = [
        syntax.SQL("{} = {}").format(syntax.Identifier(name), syntax.Literal(rows.item(0, name)))
        for name in layout.series or ()
    ]
    query = syntax.SQL(
        "select {} from {} where {} and ts >= {} and ts <= {} order by {}, knowledge_ts limit {}"
    ).format(
        syntax.SQL(", ").join(columns),
        layout.name,
        syntax.SQL(" and ").join([*conditions, syntax.SQL("true")]),
        syntax.Literal(rows["ts"].min()),
        syntax.Literal(rows["ts"].max()),
        syntax.SQL(", ").join(map(syntax.Identifier, key)),
        syntax.Literal(most + 1),
    )
    stored = stored_rows.frame(database.arrow(query.as_string(None)))
    return None if stored.height > most else stored


def differing(
    rows: pl.DataFrame, stored: pl.DataFrame, key: tuple[str, ...], content: tuple[str, ...], now: datetime | None
) -> pl.DataFrame:
    """Return the rows that differ from the newest of `stored` (sorted by key, knowledge_ts) visible to them.

    Without knowledge_ts a row is told by its key alone.
    """
    versioned = "knowledge_ts" in rows.columns
    compared = content if versioned else ()
    if any(rows.schema[name] != stored.schema[name] for name in (*key, *compared)):
        return rows
    numbered = rows.with_row_index(_NOW)
    if versioned:
        numbered = numbered.with_columns(_since=pl.max_horizontal("knowledge_ts", pl.lit(now, dtype=TS)))
    seen = numbered.select(pl.exclude("knowledge_ts")).join(
        stored, on=key, how="inner", suffix=_STORED, maintain_order="left_right"
    )
    if versioned:
        seen = seen.filter(pl.col("knowledge_ts") <= pl.col("_since"))
        if seen[_NOW].is_duplicated().any():
            seen = seen.unique(subset=_NOW, keep="last", maintain_order=True)
    same = pl.all_horizontal(pl.lit(True), *(pl.col(n).eq_missing(pl.col(f"{n}{_STORED}")) for n in compared))
    known = seen.filter(same)[_NOW]
    return numbered.join(known.to_frame(), on=_NOW, how="anti", maintain_order="left").select(rows.columns)
