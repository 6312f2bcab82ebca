"""Books: one row per run key or standing book, with its configuration, its progress and its result."""

from typing import Any

from psycopg.types.json import Json, Jsonb

from adapters.store.database import Connection
from trading.errors import Misconfigured


def open_book(connection: Connection, book: str, configuration: dict[str, Any], steps: int) -> dict[str, Any]:
    """Return the row of `book`, adding it with `configuration` when there is none."""
    connection.execute(
        "insert into ops.books (book, configuration, status, steps) values (%s, %s, 'RUNNING', %s)"
        " on conflict (book) do nothing",
        (book, Jsonb(configuration), steps),
    )
    row = get(connection, book)
    assert row is not None  # noqa: S101
    return row


def get(connection: Connection, book: str) -> dict[str, Any] | None:
    """Return the row of `book`: configuration, status, next_step, steps, result; or None."""
    return connection.execute(
        "select book, configuration, status, next_step, steps, result from ops.books where book = %s", (book,)
    ).fetchone()


def known(connection: Connection, book: str) -> dict[str, Any]:
    """Return the row of `book`; Misconfigured when there is none."""
    row = get(connection, book)
    if row is None:
        raise Misconfigured(f"--book {book}: there is no such book; `tradewind status` lists them")
    return row


def chosen(connection: Connection, book: str | None) -> str:
    """Return `book`, or without one the book that was opened last.

    Raises:
        Misconfigured: there is no such book, or none at all.
    """
    if book is None:
        row = connection.execute("select book from ops.books order by created_at desc limit 1").fetchone()
        if row is None:
            raise Misconfigured("the database has no book yet: `tradewind run` makes one (option --data-dir)")
        return row["book"]
    return known(connection, book)["book"]


def step_done(connection: Connection, book: str, step: int) -> None:
    """Note that steps up to and including `step` (from 0) are done; it never goes back."""
    connection.execute(
        "update ops.books set next_step = greatest(next_step, %s), updated_at = clock_timestamp() where book = %s",
        (step + 1, book),
    )


def finish(connection: Connection, book: str, status: str, result: dict[str, Any]) -> None:
    """Store how the book ended."""
    connection.execute(
        "update ops.books set status = %s, result = %s, updated_at = clock_timestamp() where book = %s",
        (status, Json(result), book),
    )
