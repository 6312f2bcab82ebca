"""The data dictionary: the views of schema analytics as their own comments describe them."""

import re
from dataclasses import dataclass
from typing import Any

import psycopg

_VIEWS = """
select c.relname, a.attname, coalesce(b.base, format_type(a.atttypid, a.atttypmod)),
    coalesce(obj_description(c.oid, 'pg_class'), ''), coalesce(col_description(c.oid, a.attnum), '')
from pg_catalog.pg_class as c
inner join pg_catalog.pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
left join lateral (
    select format_type(t.typbasetype, t.typtypmod) as base from pg_catalog.pg_type as t
    where t.oid = a.atttypid and t.typtype = 'd'
) as b on true
where c.relnamespace = 'analytics'::regnamespace and c.relkind in ('v', 'm')
order by c.relname, a.attnum
"""
_HEAD = """# Data dictionary

The views of schema `analytics`, as the comments in the database describe them; `tradewind sql --dictionary` prints
this page. All times are UTC (`timestamptz`), all amounts exact (`numeric`) in the currency that the column names;
`double precision` is for ratios and prices of bars. Questions with their SQL: [queries.md](queries.md).
"""
_SHORT = {"timestamp with time zone": "timestamptz"}


@dataclass(frozen=True)
class Column:
    """A column: its name, its PostgreSQL type, and what it is."""

    name: str
    type: str
    meaning: str


@dataclass(frozen=True)
class View:
    """A view: its name without the schema, what a row of it is, where that comes from, and its columns in order."""

    name: str
    meaning: str
    columns: tuple[Column, ...]


def read(connection: psycopg.Connection[Any]) -> list[View]:
    """Return the views of schema analytics by name; what has no comment has an empty meaning."""
    views: dict[str, View] = {}
    for view, name, kind, about, meaning in connection.execute(_VIEWS).fetchall():
        known = views.get(view) or View(view, _line(about), ())
        column = Column(name, _SHORT.get(str(kind), str(kind)), _line(meaning))
        views[view] = View(view, known.meaning, (*known.columns, column))
    return list(views.values())


def markdown(views: list[View]) -> str:
    """Return the page of the dictionary: a table for each view."""
    parts = [_HEAD]
    parts.append(
        "\n".join(f"- [{view.name}](#{view.name}): {view.meaning.split('. ')[0].rstrip('.')}" for view in views)
    )
    for view in views:
        rows = [f"| `{column.name}` | {column.type} | {_cell(column.meaning)} |" for column in view.columns]
        parts.append(
            "\n".join(
                [f"\n## {view.name}\n\n{view.meaning}\n", "| column | type | what it is |", "|---|---|---|", *rows]
            )
        )
    return "\n".join(parts) + "\n"


def _line(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
