"""Bring a database to the present schema: alembic runs the plain SQL files of sql/migrations in order.

Where the server has TimescaleDB, the files of sql/timescale follow; they say again what must be, so they always run.
"""

from importlib.resources import files
from typing import Any

import sql
from adapters.store.database import Database
from trading.errors import Misconfigured

#: Serialises migrations of two starts at once.
_LOCK = 7466922


def migrate(url: str, revision: str = "head") -> str:
    """Upgrade the database at `url` (psycopg form) to `revision`, by default the newest, and return its name.

    Raises:
        Misconfigured: there is no such revision.
        Unavailable: the server does not answer.
    """
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    with Database(url, size=1) as database, database.transaction() as connection:
        connection.execute("select 1")
    config = Config()
    config.set_main_option("script_location", str(files("adapters.store").joinpath("alembic")))
    scripts = ScriptDirectory.from_config(config)
    try:
        wanted = scripts.get_revision(revision)
    except CommandError:
        raise Misconfigured(f"this program knows no schema {revision}: it is older than what made it") from None
    engine = create_engine("postgresql+psycopg://", creator=_creator(url), poolclass=NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"select pg_advisory_xact_lock({_LOCK})")
        config.attributes["connection"] = connection
        command.upgrade(config, wanted.revision)
        driver = connection.connection.driver_connection
        assert driver is not None  # noqa: S101
        if wanted.revision == scripts.get_current_head() and _has_timescale(driver):
            for name in sql.names("timescale"):
                driver.execute(sql.read(f"timescale/{name}"))
    engine.dispose()
    return wanted.revision


def _has_timescale(driver: Any) -> bool:
    """Return whether the extension is installed, or can be: it is on the server and loaded at its start."""
    row = driver.execute(
        "select exists (select 1 from pg_extension where extname = 'timescaledb'),"
        " exists (select 1 from pg_available_extensions where name = 'timescaledb')"
        " and current_setting('shared_preload_libraries') like '%timescaledb%'"
    ).fetchone()
    installed, available = row
    if available and not installed:
        driver.execute("create extension if not exists timescaledb")
    return installed or available


def _creator(url: str):
    import psycopg

    return lambda: psycopg.connect(url, options="-c timezone=UTC")
