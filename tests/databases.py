"""Databases of the tests, made on their server and dropped again."""

import psycopg
from psycopg import sql

from adapters.store.local_postgres import fresh_database
from adapters.store.migrate import migrate


def migrated(server_url: str, name: str, template: str | None) -> str:
    """Make the database `name` with the present schema, from what the fixture `template` gives; return its URL."""
    if template is None:
        url = fresh_database(server_url, name)
        migrate(url)
        return url
    url = fresh_database(server_url, name, template)
    with psycopg.connect(url) as connection:
        # What roles may do in one database is no part of a copy.
        connection.execute(sql.SQL("revoke temporary on database {} from public").format(sql.Identifier(name)))
        connection.execute("call ops.admit_analyst()")
    return url


def drop(server_url: str, name: str) -> None:
    """Drop the database `name`, whoever is connected to it."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
