"""Halts: no new risk for a symbol or a whole book until a person lifts it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from adapters.store.database import Connection


@dataclass(frozen=True)
class Halt:
    """A halt; `symbol` is None for the whole book."""

    halt_id: int
    symbol: str | None
    reason: str
    actor: str
    at: datetime


def add(connection: Connection, book: str, symbol: str | None, reason: str, actor: str) -> int | None:
    """Halt `symbol`, or the book; None when a halt of the same extent by the same actor is in force already."""
    row = connection.execute(
        "insert into trading.halts (book, symbol, reason, actor, at)"
        " select %(book)s, %(symbol)s, %(reason)s, %(actor)s, clock_timestamp() where not exists ("
        "  select 1 from trading.halts where book = %(book)s and symbol is not distinct from %(symbol)s"
        "  and actor = %(actor)s and lifted_at is null) returning halt_id",
        {"book": book, "symbol": symbol, "reason": reason, "actor": actor},
    ).fetchone()
    return None if row is None else row["halt_id"]


def in_force(connection: Connection, book: str) -> list[Halt]:
    """Return the halts of `book` that nobody has lifted, oldest first."""
    rows = connection.execute(
        "select halt_id, symbol, reason, actor, at from trading.halts where book = %s and lifted_at is null"
        " order by halt_id",
        (book,),
    )
    return [Halt(**row) for row in rows]


def unenforced(connection: Connection, book: str) -> list[Halt]:
    """Return the halts in force, whoever wrote them, after which the guard has not cancelled the working orders yet."""
    rows = connection.execute(
        "select halt_id, symbol, reason, actor, at from trading.halts"
        " where book = %s and lifted_at is null and enforced_at is null order by halt_id",
        (book,),
    )
    return [Halt(**row) for row in rows]


def mark_enforced(connection: Connection, halt_id: int) -> None:
    """Note that the working orders under the halt are cancelled."""
    connection.execute("update trading.halts set enforced_at = clock_timestamp() where halt_id = %s", (halt_id,))


def enforce_again(connection: Connection, halt_id: int) -> None:
    """Have the guard cancel once more what works under a halt that stands."""
    connection.execute("update trading.halts set enforced_at = null where halt_id = %s", (halt_id,))


def enforced(connection: Connection, halt_id: int) -> bool:
    """Return whether the guard has cancelled the working orders under the halt."""
    return bool(
        connection.execute(
            "select 1 from trading.halts where halt_id = %s and enforced_at is not null", (halt_id,)
        ).rowcount
    )


def lift(connection: Connection, book: str, symbol: str | None, reason: str, actor: str) -> list[Halt]:
    """Lift the halts of `symbol`, or with None all of `book`; return them."""
    rows = connection.execute(
        "update trading.halts set lifted_at = clock_timestamp(), lifted_by = %(actor)s, lifted_reason = %(reason)s"
        " where book = %(book)s and lifted_at is null and (%(symbol)s::text is null or symbol = %(symbol)s)"
        " returning halt_id, symbol, reason, actor, at",
        {"book": book, "symbol": symbol, "reason": reason, "actor": actor},
    ).fetchall()
    return [Halt(**row) for row in sorted(rows, key=lambda row: row["halt_id"])]


def reopen(
    connection: Connection, book: str, symbols: Sequence[str], reason: str, at: datetime, *, accept_venue: bool
) -> list[str]:
    """Have those of `symbols` reconciled that execution has HALTED, and return them.

    With `accept_venue` a person says that the venue is right: what differs then is booked, instead of halting again.
    """
    rows = connection.execute(
        "update trading.symbol_states set state = 'RECONCILING', reason = %s, at = %s,"
        " accepts_venue = accepts_venue or %s where book = %s and symbol = any(%s) and state = 'HALTED'"
        " returning symbol",
        (reason, at, accept_venue, book, list(symbols)),
    )
    return sorted(row["symbol"] for row in rows)
