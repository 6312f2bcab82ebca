"""Run one migration file as it stands, on the driver's own connection (no placeholders are read into it)."""

from sqlalchemy import Connection

import sql


def run(bind: Connection, revision: str) -> None:
    """Execute sql/migrations/`revision`.sql in the present transaction."""
    driver = bind.connection.driver_connection
    assert driver is not None  # noqa: S101
    driver.execute(sql.read(f"migrations/{revision}.sql"))
