"""The situation of a sub-account: all that a decision about it rests on, read in one round trip."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from adapters.store import orders
from adapters.store.accounts import GATE
from adapters.store.database import Connection
from trading.account import Account
from trading.instrument import Instrument
from trading.money import ZERO
from trading.order import Order


@dataclass(frozen=True)
class Situation:
    """One sub-account as the database knows it now.

    `body` is the signal in force and `decision_no` the number of the next decision about it; `symbol_state` is
    RECONCILING, OPEN or HALTED; `known_hash` is under which body the arriving signal was taken over before, if it was.
    """

    account: Account
    body: dict[str, Any] | None
    decision_no: int
    symbol_state: str
    known_hash: str | None


_QUESTION = f"""
with force as (
    select signal_id, body from trading.inbox
    where book = %(book)s and status = 'ACCEPTED' and body ->> 'strategy' = %(strategy)s
    and body ->> 'symbol' = %(symbol)s
    order by body ->> 'decided_at' desc, signal_id desc limit 1
)
select
    (select body from force) as body,
    (select coalesce(max(d.decision_no), 0) + 1 from trading.risk_decisions as d
     where d.signal_id = (select signal_id from force)) as decision_no,
    (select state from trading.symbol_states where book = %(book)s and symbol = %(symbol)s) as symbol_state,
    (select body_hash from trading.inbox where signal_id = %(arriving)s) as known_hash,
    array(select account from trading.balances where book = %(book)s and strategy = %(strategy)s
     and symbol = %(symbol)s order by account, currency) as accounts,
    array(select currency from trading.balances where book = %(book)s and strategy = %(strategy)s
     and symbol = %(symbol)s order by account, currency) as currencies,
    array(select amount from trading.balances where book = %(book)s and strategy = %(strategy)s
     and symbol = %(symbol)s order by account, currency) as amounts,
    ({GATE}) as closed_by,
    (select equity from trading.equity_peaks where book = %(book)s and strategy = %(strategy)s
     and symbol = %(symbol)s) as peak,
    (select max(f.ts) from trading.orders as o inner join trading.fills as f using (client_id)
     where o.book = %(book)s and o.strategy = %(strategy)s and o.symbol = %(symbol)s and o.leg = 'stop') as stopped_at,
    -- Only the newest stop counts, and only while it has not filled: a filled one ended the position it protected.
    (select o.stop_price from (
        select * from trading.orders
        where book = %(book)s and strategy = %(strategy)s and symbol = %(symbol)s and leg = 'stop'
        and state not in ('REJECTED', 'ABSENT') order by created_at desc, stop_price desc nulls first limit 1) as o
     where o.filled = 0 and not exists (
        select 1 from trading.risk_decisions as d where d.book = o.book and d.strategy = o.strategy
        and d.symbol = o.symbol and d.target_quantity = 0 and d.decided_at >= o.created_at)) as stop_floor,
    -- An attempt that another one followed was not refused: it came too late, or never left.
    array(select o.leg from trading.orders as o
     where o.book = %(book)s and o.signal_id = (select signal_id from force)
     and (o.state = 'REJECTED' or (o.state = 'EXPIRED' and o.filled = 0))
     and not exists (select 1 from trading.orders as n where n.signal_id = o.signal_id
      and n.decision_no = o.decision_no and n.leg = o.leg and n.attempt > o.attempt)) as refused
"""  # noqa: S608 - no value is part of the text


def load(
    connection: Connection, book: str, strategy: str, instrument: Instrument, arriving: str | None = None
) -> Situation:
    """Return the situation of (book, strategy, instrument.symbol); `arriving` is the id of a signal that comes in."""
    keys = {"book": book, "strategy": strategy, "symbol": instrument.symbol, "venue": instrument.venue}
    found = connection.execute(_QUESTION, {**keys, "arriving": arriving})
    working = orders.living(connection, book, instrument.symbol, strategy)
    row = found.fetchone()
    assert row is not None  # noqa: S101
    return Situation(
        _account(keys, instrument, row, tuple(working)),
        row["body"],
        row["decision_no"],
        row["symbol_state"] or "RECONCILING",
        row["known_hash"],
    )


def _account(keys: dict[str, str], instrument: Instrument, row: dict[str, Any], working: tuple[Order, ...]) -> Account:
    names = zip(row["accounts"], row["currencies"], strict=True)
    amounts: dict[tuple[str, str], Decimal] = dict(zip(names, row["amounts"], strict=True))
    stopped_at: datetime | None = row["stopped_at"]
    return Account(
        keys["book"],
        keys["strategy"],
        instrument.symbol,
        amounts.get(("cash", instrument.quote), ZERO),
        amounts.get(("reserved", instrument.quote), ZERO),
        amounts.get(("position", instrument.base), ZERO),
        amounts.get(("reserved", instrument.base), ZERO),
        row["peak"] or ZERO,
        entry_gate_open=row["closed_by"] is None,
        gate_reason=row["closed_by"] or "",
        stopped_at=stopped_at,
        stop_floor=row["stop_floor"],
        refused=len(row["refused"]),
        stops_refused=row["refused"].count("stop"),
        working=working,
    )


def under(situation: Situation, body: dict[str, Any]) -> Situation:
    """Return the same situation with a signal in force that has only now been accepted."""
    account = replace(situation.account, refused=0, stops_refused=0)
    return replace(situation, account=account, body=body, decision_no=1)
