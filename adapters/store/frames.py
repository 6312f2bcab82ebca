"""The Store of the assets: frames in and out of versioned tables, each question answerable as of any time.

A table's primary key says everything: the columns before `knowledge_ts` are its key, the rest but the run's marks is
content. A version is inserted only where content differs; nothing is overwritten.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import polars as pl
import psycopg
from psycopg import sql as syntax

from adapters.store import layout as layouts
from adapters.store import stored_rows
from adapters.store.archived import without_archived
from adapters.store.copying import copy
from adapters.store.database import Connection, Database
from adapters.store.known import without_known
from adapters.store.layout import MARKS, RECORDED, Layout
from trading.candle import TS
from trading.errors import BadData


class Store:
    """Reads and writes the tables of the assets for one run."""

    def __init__(self, database: Database, run_id: str, code_version: str) -> None:
        self._database = database
        self._run_id = run_id
        self._code_version = code_version
        self._layouts: dict[str, Layout] = {}

    def layout(self, table: str) -> Layout:
        """Return the layout of `schema.table`; BadData when the database has no such table."""
        if table not in self._layouts:
            with self._database.transaction() as connection:
                self._layouts[table] = layouts.read(connection, table)
        return self._layouts[table]

    def read(
        self,
        table: str,
        where: Mapping[str, str | Sequence[str]],
        start: datetime | None = None,
        end: datetime | None = None,
        as_of: datetime | None = None,
        columns: Sequence[str] | None = None,
        stored_by: datetime | None = None,
    ) -> pl.DataFrame:
        """Return the rows of `table` with start <= ts < end as they were known at `as_of` (now when None), by key.

        `where` gives key columns their value or values. The versions that later knowledge replaced are left out.
        `stored_by` leaves out what was stored later, whenever it could be known: with both at t, these are the rows
        that a reader saw at t. A table that does not keep when its rows were stored has only their knowledge.
        """
        layout = self.layout(table)
        wanted = list(columns) if columns is not None else list(layout.columns)
        conditions = stored_rows.conditions(where, start, end)
        if as_of is not None and layout.versioned:
            conditions.append(syntax.SQL("knowledge_ts <= {}").format(syntax.Literal(as_of)))
        if stored_by is not None and layout.records:
            stored = syntax.SQL("coalesce(recorded_at, knowledge_ts) <= {}").format(syntax.Literal(stored_by))
            conditions.append(stored)
        key = syntax.SQL(", ").join(map(syntax.Identifier, layout.key))
        newest = syntax.SQL(", knowledge_ts desc") if layout.versioned else syntax.SQL("")
        query = syntax.SQL("select distinct on ({}) {} from {} where {} order by {}{}").format(
            key,
            syntax.SQL(", ").join(map(syntax.Identifier, wanted)),
            layout.name,
            syntax.SQL(" and ").join(conditions) if conditions else syntax.SQL("true"),
            key,
            newest,
        )
        return self._fetch(query.as_string(None))

    def write(self, table: str, frame: pl.DataFrame, now: datetime | None = None) -> int:
        """Insert the rows of `frame` whose content is new for their key and return how many; an empty frame is fine.

        `frame` holds the key, `knowledge_ts` (for versioned tables) and the content columns; a key given twice keeps
        its last row. The first version of a key counts as known since its own `knowledge_ts`, each further one only
        since `now`: what was decided before must still find what it saw. `now` is also when they count as stored.

        Raises:
            BadData: a column is missing or unknown, a row breaks a rule of the table, or differs from the archive; the
                message names it.
        """
        layout = self.layout(table)
        expected = set(layout.columns) - set(MARKS)
        if set(frame.columns) != expected:
            raise BadData(f"{table}: columns differ: {sorted(set(frame.columns) ^ expected)}")
        if frame.is_empty():
            return 0
        marks = [pl.lit(self._run_id).alias("run_id"), pl.lit(self._code_version).alias("code_version")]
        rows = frame.with_columns(marks).select(layout.columns)
        try:
            with self._database.transaction() as connection:
                rows = without_archived(connection, layout, rows, now)
                if rows.is_empty():
                    return 0
                if _lies_ahead(connection, layout, rows):
                    copy(connection, layout.name, _recorded(connection, layout, rows, now), layout.kinds)
                    return rows.height
            rows = without_known(self._database, layout, rows, now)
            with self._database.transaction() as connection:
                return _merge(connection, layout, _recorded(connection, layout, rows, now), now)
        except (psycopg.IntegrityError, psycopg.DataError) as error:
            raise BadData(f"{table}: {' '.join(str(error).splitlines()[:2])}") from None

    def days_written(self, table: str, since: datetime | None = None) -> list[str]:
        """Return the UTC days (YYYY-MM-DD) of the rows from `since` on that this run has written to `table`."""
        statement = syntax.SQL(
            "select distinct to_char(ts at time zone 'UTC', 'YYYY-MM-DD') as day from {}"
            " where run_id = %s and ts >= coalesce(%s, '-infinity'::timestamptz) order by day"
        )
        with self._database.transaction() as connection:
            rows = connection.execute(statement.format(self.layout(table).name), (self._run_id, since)).fetchall()
        return [row["day"] for row in rows]

    def _fetch(self, query: str) -> pl.DataFrame:
        return stored_rows.frame(self._database.arrow(query))


def _recorded(connection: Connection, layout: Layout, rows: pl.DataFrame, now: datetime | None) -> pl.DataFrame:
    """Return the rows as they are written: with the time at which they are stored, where the table keeps that."""
    if not layout.records:
        return rows
    row = connection.execute("select coalesce(%s, clock_timestamp()) as at", (now,)).fetchone()
    assert row is not None  # noqa: S101
    return rows.with_columns(pl.lit(row["at"], dtype=TS).alias(RECORDED))


def _lies_ahead(connection: Connection, layout: Layout, rows: pl.DataFrame) -> bool:
    """Return True when every row is later than all stored rows of the same key before ts: then nothing can conflict."""
    groups = layout.series
    if groups is None:
        return False
    first = rows.group_by(groups).agg(pl.col("ts").min()) if groups else rows.select(pl.col("ts").min())
    conditions = syntax.SQL(" and ").join(
        [*(syntax.SQL("{} = %s").format(syntax.Identifier(name)) for name in groups), syntax.SQL("ts >= %s")]
    )
    statement = syntax.SQL("select 1 from {} where {} limit 1").format(layout.name, conditions)
    if any(connection.execute(statement, row).rowcount for row in first.select(*groups, "ts").iter_rows()):
        return False
    return not rows.select(layout.key).is_duplicated().any()


def _merge(connection: Connection, layout: Layout, rows: pl.DataFrame, now: datetime | None) -> int:
    if rows.is_empty():
        return 0
    rows = rows.unique(subset=layout.key, keep="last", maintain_order=True)
    connection.execute(
        syntax.SQL("create temp table stage (like {} including defaults) on commit drop").format(layout.name)
    )
    copy(connection, syntax.Identifier("stage"), rows, layout.kinds)
    connection.execute("analyze stage")
    return connection.execute(_new_versions(layout, now)).rowcount


def _new_versions(layout: Layout, now: datetime | None) -> syntax.Composed:
    """Return the insert of those staged rows whose content differs from what was known of their key."""
    statement = syntax.SQL(
        "insert into {table} ({columns}) select {keys}, {known}{rest} from stage as s left join lateral"
        " (select * from {table} as c where {match}{seen} limit 1) as c on true"
        " where c.run_id is null or ({staged}) is distinct from ({stored}) on conflict ({key}{version}) do nothing"
    )
    # greatest() passes over nulls, so without `now` a row's own time counts.
    since = syntax.SQL("greatest(s.knowledge_ts, {}::timestamptz)").format(syntax.Literal(now))
    nothing = syntax.SQL("")
    versions = {
        "known": syntax.SQL("case when c.run_id is null then s.knowledge_ts else {} end, ").format(since),
        "seen": syntax.SQL(" and c.knowledge_ts <= {} order by c.knowledge_ts desc").format(since),
        "version": syntax.SQL(", knowledge_ts"),
    }
    return statement.format(
        table=layout.name,
        columns=_names(layout.written),
        key=_names(layout.key),
        keys=_names(layout.key, "s"),
        rest=_names(
            (*layout.content, *layout.written[len(layout.key) + layout.versioned + len(layout.content) :]), "s"
        ),
        staged=_names(layout.content, "s"),
        stored=_names(layout.content, "c"),
        match=syntax.SQL(" and ").join(
            syntax.SQL("{} = {}").format(syntax.Identifier("c", name), syntax.Identifier("s", name))
            for name in layout.key
        ),
        **(versions if layout.versioned else dict.fromkeys(versions, nothing)),
    )


def _names(names: Sequence[str], *table: str) -> syntax.Composed:
    return syntax.SQL(", ").join(syntax.Identifier(*table, name) for name in names)
