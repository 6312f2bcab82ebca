"""A statement of an analyst and its answer: some rows of values, or one line that says what is wrong with it."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from math import isfinite
from typing import Any

import psycopg
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus
from psycopg.types.string import TextLoader

from trading.errors import Misconfigured, TradewindError, Unavailable

_HINT = "an analyst reads the views of schema analytics, and writes nothing"
_REFUSED = (psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction)


@dataclass(frozen=True)
class Answer:
    """Names of the columns and the rows in their order; `cut` when there were more. No columns: it returns no rows."""

    columns: list[str]
    rows: list[tuple[Any, ...]]
    cut: bool = False


def ask(connection: psycopg.Connection[Any], statement: str, max_rows: int | None) -> Answer:
    """Return the answer to one statement, at most `max_rows` rows of it (None: all); intervals are texts.

    Raises:
        Misconfigured: the statement is wrong, refused or too long under way; the message is one line.
        Unavailable: the server has gone.
    """
    # Of months and days no timedelta can tell.
    connection.adapters.register_loader("interval", TextLoader)
    rows: list[tuple[Any, ...]] = []
    with explained(statement), connection.cursor() as cursor:
        columns = _columns(connection, statement)
        if not columns:
            cursor.execute(statement.encode())
            return Answer([], [])
        stream: Any = cursor.stream(statement.encode())
        with closing(stream) as found:
            for row in found:
                if max_rows is not None and len(rows) == max_rows:
                    return Answer(columns, rows, cut=True)
                rows.append(row)
    return Answer(columns, rows)


def plain(value: Any) -> Any:
    """Return a value as JSON holds it: amounts as plain decimal texts, times as ISO 8601, bytes as hex."""
    match value:
        case Decimal():
            held = format(value, "f")
        case datetime() | date():
            held = value.isoformat()
        case float() if isfinite(value):
            held = value
        case bytes():
            held = value.hex()
        case list():
            held = [plain(one) for one in value]
        case None | bool() | int() | str() | dict():
            held = value
        case _:
            held = str(value)
    return held


@contextmanager
def explained(statement: str) -> Iterator[None]:
    """Say in one line of ours what the server says about `statement`."""
    try:
        yield
    except psycopg.Error as error:
        raise _explain(error, statement) from error


def _explain(error: psycopg.Error, statement: str) -> TradewindError:
    said = (error.diag.message_primary or str(error).strip() or type(error).__name__).splitlines()[0]
    if "multiple commands" in said:
        return Misconfigured("these are several statements: give one at a time")
    if isinstance(error, psycopg.errors.QueryCanceled):
        return Misconfigured(f"{said}: ask for less, or give it more time with --timeout")
    if isinstance(error, _REFUSED):
        return Misconfigured(f"{said}: {_HINT}")
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return Unavailable(f"database: {said}")
    place = error.diag.statement_position
    if place:
        before = statement[: int(place) - 1]
        said += f" (line {before.count(chr(10)) + 1}, column {len(before) - before.rfind(chr(10))})"
    hint = error.diag.message_hint
    return Misconfigured(f"{said}; {hint}" if hint and "\n" not in hint else said)


def _columns(connection: psycopg.Connection[Any], statement: str) -> list[str]:
    """Return the names of the columns that `statement` will return, none for one that returns no rows."""
    prepared = connection.pgconn.prepare(b"", statement.encode())
    if prepared.status != ExecStatus.COMMAND_OK:
        raise error_from_result(prepared)
    told = connection.pgconn.describe_prepared(b"")
    return [(told.fname(number) or b"").decode() for number in range(told.nfields)]
