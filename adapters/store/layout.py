"""What a table says about itself: its key, its content, whether it keeps versions, and of what type its columns are."""

from collections.abc import Mapping
from dataclasses import dataclass

from psycopg import sql as syntax

from adapters.store.database import Connection
from trading.errors import BadData

#: What a write adds to each row by itself.
MARKS = ("run_id", "code_version")
RECORDED = "recorded_at"


@dataclass(frozen=True)
class Layout:
    """The columns of a table: key, content, marks, whether it keeps versions; `kinds` are PostgreSQL's types."""

    table: str
    key: tuple[str, ...]
    content: tuple[str, ...]
    versioned: bool
    kinds: Mapping[str, str]

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns but recorded_at, in the order in which they are read."""
        return (*self.key, *(("knowledge_ts",) if self.versioned else ()), *self.content, *MARKS)

    @property
    def written(self) -> tuple[str, ...]:
        """All columns in the order in which rows are copied in."""
        return (*self.columns, RECORDED) if self.records else self.columns

    @property
    def records(self) -> bool:
        """Whether each row says when it was stored."""
        return RECORDED in self.kinds

    @property
    def series(self) -> tuple[str, ...] | None:
        """The columns of the key before ts, which name a series; None for a table without times."""
        return self.key[: self.key.index("ts")] if "ts" in self.key else None

    @property
    def name(self) -> syntax.Identifier:
        """The quoted name for statements."""
        return syntax.Identifier(*self.table.split("."))


def read(connection: Connection, table: str) -> Layout:
    """Return the layout of `schema.table`; BadData when the database has no such table."""
    rows = connection.execute(
        "select a.attname as name, coalesce(a.attnum = any(i.indkey), false) as in_key,"
        " format_type(a.atttypid, null) as kind from pg_attribute as a"
        " left join pg_index as i on i.indrelid = a.attrelid and i.indisprimary"
        " where a.attrelid = to_regclass(%s) and a.attnum > 0 and not a.attisdropped order by a.attnum",
        (table,),
    ).fetchall()
    if not rows:
        raise BadData(f"the database has no table {table}; run `tradewind run` once, it brings the schema up to date")
    names = [row["name"] for row in rows]
    key = tuple(row["name"] for row in rows if row["in_key"] and row["name"] != "knowledge_ts")
    content = tuple(name for name in names if name not in (*key, "knowledge_ts", *MARKS, RECORDED))
    return Layout(table, key, content, "knowledge_ts" in names, {row["name"]: row["kind"] for row in rows})
