"""Triggers: sub-accounts to decide about anew, kept in the database so that a crash forgets none."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from adapters.store.database import Connection
from trading.execution.ladder import GRACE


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


def ask_over(connection: Connection, book: str, now: datetime) -> Callable[[], list[Trigger]]:
    """Ask in which sub-accounts quotes rest that may not, at market time `now`; the call awaits the answer.

    Their signal is over, or the way to new risk is closed. While a symbol reconciles they stay: nothing else is known.
    """
    cursor = connection.execute(
        "select distinct o.strategy, o.symbol, g.closed_by"
        " from trading.orders as o inner join lateral ("
        "  select (i.body ->> 'decided_at')::timestamptz as since, (i.body ->> 'valid_until')::timestamptz as until"
        "  from trading.inbox as i where i.book = o.book and i.status = 'ACCEPTED'"
        "  and i.body ->> 'strategy' = o.strategy and i.body ->> 'symbol' = o.symbol"
        "  order by i.body ->> 'decided_at' desc, i.signal_id desc limit 1) as s on true"
        " cross join lateral (select trading.gate(o.book, o.venue, o.symbol) as closed_by) as g"
        " where o.book = %(book)s and (o.leg like 'ask%%' or o.leg like 'bid%%') and o.state in ('ACKED', 'PARTIAL')"
        " and (s.until + (s.until - s.since) * %(grace)s < %(now)s"
        "  or g.closed_by not like 'symbol RECONCILING%%') order by o.strategy, o.symbol",
        {"book": book, "now": now, "grace": GRACE},
    )
    return lambda: [
        Trigger(row["strategy"], row["symbol"], "gate" if row["closed_by"] else "expired", 0)
        for row in cursor.fetchall()
    ]


def clear(connection: Connection, book: str, trigger: Trigger) -> None:
    """Remove the rows that `trigger` stands for, in the transaction that decided about them."""
    connection.write("decided", book=book, strategy=trigger.strategy, symbol=trigger.symbol, last_id=trigger.last_id)
