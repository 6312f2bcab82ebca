"""Databases of the tests, made on their server and dropped again."""

import os

import psycopg
from psycopg import sql

from adapters.store.local_postgres import fresh_database
from adapters.store.migrate import migrate

#: What the server of a test session and its programs may come to.
_ROOM = 2 * 2**30


def in_memory() -> str | None:
    """Return a folder in memory that has room for a server, where a database is made twice as fast; None without."""
    folder = "/dev/shm"  # noqa: S108 - whoever makes a folder there gives it a name that nobody can guess
    if not os.access(folder, os.W_OK):
        return None
    about = os.statvfs(folder)
    roomy = about.f_bavail * about.f_frsize > _ROOM
    return folder if roomy and not about.f_flag & os.ST_NOEXEC else None


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
