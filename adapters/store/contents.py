"""What the tables of a database hold: each as CSV in the order of its primary key, the same bytes for the same rows."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from adapters.store.database import first_line
from trading.errors import Misconfigured, Unavailable

Session = psycopg.Connection[tuple[Any, ...]]

_TABLES = """
select n.nspname, c.relname,
    array(select a.attname from pg_attribute as a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' order by a.attnum),
    array(select a.attname from pg_index as i, unnest(i.indkey) with ordinality as k (number, place), pg_attribute as a
        where i.indrelid = c.oid and i.indisprimary and a.attrelid = c.oid and a.attnum = k.number order by k.place),
    array(select a.attname from pg_attribute as a
        where a.attrelid = c.oid and a.attnum > 0 and a.attcollation <> 0 and a.atttypid <> 'text[]'::regtype),
    array(select a.attname from pg_attribute as a where a.attrelid = c.oid and a.attidentity <> '')
from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and not c.relispartition and n.nspname = any(%s)
-- Which rollups are due is the server's own affair: only those with TimescaleDB have it.
and (n.nspname, c.relname) <> ('market', 'rollup_marks')
order by n.nspname collate "C", c.relname collate "C"
"""
_SCHEMAS = """
select array_agg(n.nspname) from pg_namespace as n where n.nspname !~ '^(pg_|_?timescaledb_)'
and n.nspname not in ('information_schema', 'public')
"""


@dataclass(frozen=True)
class Table:
    """A table of ours: its columns in their order, its primary key, its texts, and the column that counts by itself."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    texts: frozenset[str]
    counts: str | None

    @property
    def identifier(self) -> sql.Identifier:
        """The name as SQL has it."""
        return sql.Identifier(*self.name.split("."))


@dataclass(frozen=True)
class Content:
    """What a table holds: rows, bytes and SHA-256 of its CSV; `last` is the newest number its identity has given."""

    table: str
    columns: tuple[str, ...]
    rows: int
    bytes: int
    sha256: str
    last: int | None


@contextmanager
def session(url: str) -> Iterator[Session]:
    """Yield a session that writes values in one way whatever the server's settings; no time limit.

    Raises:
        Unavailable: the server does not answer.
        Misconfigured: its login may not do what is asked.
    """
    options = "-c timezone=UTC -c statement_timeout=0 -c datestyle=ISO -c bytea_output=hex -c extra_float_digits=1"
    try:
        with psycopg.connect(url, connect_timeout=5, options=options) as connection:
            yield connection
    except psycopg.errors.InsufficientPrivilege as error:
        raise Misconfigured(
            f"database (TRADEWIND_DATABASE_URL): its login may not do this: {first_line(error)}"
        ) from error
    except psycopg.OperationalError as error:
        raise Unavailable(f"database (TRADEWIND_DATABASE_URL): {first_line(error)}") from error


def tables(connection: Session) -> list[Table]:
    """Return all tables of ours, by name."""
    schemas = connection.execute(_SCHEMAS).fetchone()
    rows = connection.execute(_TABLES, schemas).fetchall()
    return [
        Table(f"{schema}.{name}", tuple(columns), tuple(key), frozenset(texts), counts[0] if counts else None)
        for schema, name, columns, key, texts, counts in rows
    ]


def content(connection: Session, table: Table, sink: Callable[[bytes], object] | None = None) -> Content:
    """Return what `table` holds, in the order of its key, each piece of its CSV given to `sink`."""
    order = [
        sql.SQL('{} collate "C"' if name in table.texts else "{}").format(sql.Identifier(name)) for name in table.key
    ]
    query = sql.SQL("copy (select {} from {} as t order by {}) to stdout (format csv, header)").format(
        sql.SQL(", ").join(map(sql.Identifier, table.columns)),
        table.identifier,
        sql.SQL(", ").join(order or [sql.SQL('t::text collate "C"')]),
    )
    size, digest = 0, hashlib.sha256()
    with connection.cursor() as cursor:
        with cursor.copy(query) as source:
            for piece in source:
                size += len(piece)
                digest.update(piece)
                if sink is not None:
                    sink(bytes(piece))
        rows = cursor.rowcount
    return Content(table.name, table.columns, rows, size, digest.hexdigest(), _last(connection, table))


def _last(connection: Session, table: Table) -> int | None:
    """Return the newest number that the identity of `table` has given, None where it has none or gave none."""
    if table.counts is None:
        return None
    row = connection.execute("select pg_get_serial_sequence(%s, %s)", (table.name, table.counts)).fetchone()
    assert row is not None  # noqa: S101
    name = sql.SQL(row[0])
    told = connection.execute(sql.SQL("select case when is_called then last_value end from {}").format(name)).fetchone()
    return None if told is None else told[0]
