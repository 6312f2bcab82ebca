"""The schema comes from nothing, comes twice, and says where it stands."""

import re
from importlib.resources import files

import psycopg
import pytest

from adapters.store.migrate import migrate
from trading.errors import Unavailable

SCHEMAS = {
    "market",
    "ops",
    "features",
    "training",
    "forecasts",
    "signals",
    "trading",
    "portfolio",
    "reports",
    "analytics",
}


def catalogue(url: str) -> set[tuple[str, ...]]:
    with psycopg.connect(url) as connection:
        return set(
            connection.execute(
                "select table_schema, table_name, column_name, data_type, is_nullable from information_schema.columns"
                " where table_schema not in ('pg_catalog', 'information_schema')"
            ).fetchall()
        )


def test_from_empty_and_twice(empty_database: str):
    newest = sorted(path.name for path in files("sql").joinpath("migrations").iterdir() if path.name.endswith(".sql"))[
        -1
    ]
    assert migrate(empty_database) == newest.removesuffix(".sql")
    before = catalogue(empty_database)
    assert {row[0] for row in before} >= SCHEMAS
    assert migrate(empty_database) == newest.removesuffix(".sql")
    assert catalogue(empty_database) == before


def test_every_money_column_is_exact(database: str):
    inexact = {
        row[:3]
        for row in catalogue(database)
        if row[0] == "trading" and row[3] in ("double precision", "real", "money")
    }
    assert inexact == set()
    naive = {row[:3] for row in catalogue(database) if row[3] == "timestamp without time zone"}
    assert naive == set()


def test_nobody_there_is_unavailable_and_names_the_setting():
    with pytest.raises(Unavailable, match=re.escape("TRADEWIND_DATABASE_URL")):
        migrate("postgresql://nobody@127.0.0.1:1/none?connect_timeout=1")
