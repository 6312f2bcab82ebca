"""Rows of a market table as they are kept: all versions, every digit, in the order of the key."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import polars as pl
from psycopg import sql as syntax

from adapters.store.layout import Layout
from trading.candle import TS

#: Types that Arrow or Parquet would round are kept as PostgreSQL writes them.
_EXACT = ("numeric", "numeric[]")


def query(
    layout: Layout, where: Mapping[str, str | Sequence[str]], start: datetime | None = None, end: datetime | None = None
) -> str:
    """Return the statement that reads all versions of the rows with start <= ts < end."""
    columns = [
        syntax.SQL("{name}::text as {name}").format(name=syntax.Identifier(name))
        if layout.kinds[name] in _EXACT
        else syntax.Identifier(name)
        for name in layout.written
    ]
    statement = syntax.SQL("select {} from {} where {} order by {}").format(
        syntax.SQL(", ").join(columns),
        layout.name,
        syntax.SQL(" and ").join([*conditions(where, start, end), syntax.SQL("true")]),
        syntax.SQL(", ").join(map(syntax.Identifier, order(layout))),
    )
    return statement.as_string(None)


def conditions(
    where: Mapping[str, str | Sequence[str]], start: datetime | None, end: datetime | None
) -> list[syntax.Composable]:
    """Return what is asked of rows whose columns have the given values and start <= ts < end."""
    found: list[syntax.Composable] = [
        syntax.SQL("{} = any({})").format(
            syntax.Identifier(name), syntax.Literal([value] if isinstance(value, str) else list(value))
        )
        for name, value in where.items()
    ]
    if start is not None:
        found.append(syntax.SQL("ts >= {}").format(syntax.Literal(start)))
    if end is not None:
        found.append(syntax.SQL("ts < {}").format(syntax.Literal(end)))
    return found


def order(layout: Layout) -> list[str]:
    """Return the columns of the primary key."""
    return [*layout.key, *(["knowledge_ts"] if layout.versioned else [])]


def frame(answer: Any) -> pl.DataFrame:
    """Return an Arrow answer as a frame whose times are all UTC."""
    rows = pl.DataFrame(answer)
    return rows.with_columns(pl.col(name).cast(TS) for name, kind in rows.schema.items() if kind == pl.Datetime)


def copyable(rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows with bytes as PostgreSQL reads them from text."""
    binary = [name for name, kind in rows.schema.items() if kind == pl.Binary]
    return rows.with_columns((pl.lit("\\x") + pl.col(name).bin.encode("hex")).alias(name) for name in binary)


def visible(rows: pl.DataFrame, layout: Layout, known: datetime | None, stored_by: datetime | None) -> pl.DataFrame:
    """Return of `rows` (any order) the newest version of each key, by key, as known and stored by the given times."""
    if known is not None and layout.versioned:
        rows = rows.filter(pl.col("knowledge_ts") <= pl.lit(known, dtype=TS))
    if stored_by is not None and layout.records:
        rows = rows.filter(pl.coalesce("recorded_at", "knowledge_ts") <= pl.lit(stored_by, dtype=TS))
    rows = rows.sort(order(layout))
    return rows.unique(subset=layout.key, keep="last", maintain_order=True) if layout.versioned else rows
