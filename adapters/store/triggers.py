"""Triggers: sub-accounts to decide about anew, kept in the database so that a crash forgets none."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from adapters.store.database import Connection


@dataclass(frozen=True)
class Trigger:
    """One sub-account to look at; `last_id` is the newest row it stands for, `reason` what happened first."""

    strategy: str
    symbol: str
    reason: str
    last_id: int


def add(connection: Connection, book: str, strategy: str, symbol: str, reason: str, at: datetime) -> None:
    """Note that something happened to a sub-account, in the transaction in which it happened."""
    connection.write("trigger", book=book, strategy=strategy, symbol=symbol, reason=reason, at=at)


def ask_due(connection: Connection, book: str) -> Callable[[], list[Trigger]]:
    """Ask which sub-accounts of `book` wait for a decision, longest waiting first; the call awaits the answer."""
    cursor = connection.execute(
        "select strategy, symbol, (array_agg(reason order by trigger_id))[1] as reason, max(trigger_id) as last_id"
        " from trading.triggers where book = %s group by strategy, symbol order by min(trigger_id)",
        (book,),
    )
    return lambda: [Trigger(r["strategy"], r["symbol"], r["reason"], r["last_id"]) for r in cursor.fetchall()]


def clear(connection: Connection, book: str, trigger: Trigger) -> None:
    """Remove the rows that `trigger` stands for, in the transaction that decided about them."""
    connection.write("decided", book=book, strategy=trigger.strategy, symbol=trigger.symbol, last_id=trigger.last_id)
