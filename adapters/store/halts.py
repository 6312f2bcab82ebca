"""Halts: no new risk for a symbol or a whole book until a person lifts it."""

from dataclasses import dataclass

from adapters.store.database import Connection


@dataclass(frozen=True)
class Halt:
    """A halt in force; `symbol` is None for the whole book."""

    halt_id: int
    symbol: str | None
    reason: str


def add(connection: Connection, book: str, symbol: str | None, reason: str, actor: str) -> bool:
    """Halt `symbol`, or the book; False when a halt of the same extent by the same actor is in force already."""
    return bool(
        connection.execute(
            "insert into trading.halts (book, symbol, reason, actor, at)"
            " select %(book)s, %(symbol)s, %(reason)s, %(actor)s, clock_timestamp() where not exists ("
            "  select 1 from trading.halts where book = %(book)s and symbol is not distinct from %(symbol)s"
            "  and actor = %(actor)s and lifted_at is null)",
            {"book": book, "symbol": symbol, "reason": reason, "actor": actor},
        ).rowcount
    )


def unenforced(connection: Connection, book: str) -> list[Halt]:
    """Return the halts in force, whoever wrote them, after which nobody has cancelled the working orders yet."""
    rows = connection.execute(
        "select halt_id, symbol, reason from trading.halts as h where book = %s and lifted_at is null and not exists ("
        " select 1 from ops.audit_events where kind = 'halt_enforced' and ref = h.halt_id::text) order by halt_id",
        (book,),
    )
    return [Halt(row["halt_id"], row["symbol"], row["reason"]) for row in rows]
