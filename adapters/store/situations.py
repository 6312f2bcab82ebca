"""The situation of a sub-account: all that a decision about it rests on, read in one round trip."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from adapters.store import orders
from adapters.store.database import Connection
from trading.account import Account
from trading.instrument import Instrument
from trading.money import ZERO
from trading.order import Order


@dataclass(frozen=True)
class Situation:
    """One sub-account as the database knows it now.

    `body` is the signal in force and `decision_no` the number of the next decision about it; `symbol_state` is
    RECONCILING, OPEN or HALTED; `known_hash` is under which body the arriving signal was taken over before, if it was;
    `limits_version` is the row of trading.limits that holds now, None where there is none.
    """

    account: Account
    body: dict[str, Any] | None
    decision_no: int
    symbol_state: str
    known_hash: str | None
    limits_version: int | None


#: As a place to read from the function is called once, however many of its columns are asked for.
_QUESTION = """
select
    s.body, s.next_no, s.symbol_state, s.known_hash, s.accounts, s.currencies, s.amounts, s.closed_by, s.peak,
    s.stopped_at, s.stop_floor, s.refused, s.taken_at, s.legs, s.leg_price,
    (select version from trading.limits_in_force) as limits_version, (s.working).*
from trading.situation(%(book)s, %(strategy)s, %(symbol)s, %(venue)s, %(arriving)s) as s
"""


def load(
    connection: Connection, book: str, strategy: str, instrument: Instrument, arriving: str | None = None
) -> Situation:
    """Lock the sub-account until the transaction ends and return its situation.

    `arriving` is the id of a signal that comes in.
    """
    keys = {"book": book, "strategy": strategy, "symbol": instrument.symbol, "venue": instrument.venue}
    rows = connection.execute(_QUESTION, {**keys, "arriving": arriving}).fetchall()
    working = tuple(orders.read(row) for row in rows if row["client_id"] is not None)
    row = rows[0]
    return Situation(
        _account(keys, instrument, row, working),
        row["body"],
        row["next_no"],
        row["symbol_state"] or "RECONCILING",
        row["known_hash"],
        row["limits_version"],
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
        taken_at=row["taken_at"],
        legs=row["legs"],
        leg_price=row["leg_price"],
        working=working,
    )


def under(situation: Situation, body: dict[str, Any]) -> Situation:
    """Return the same situation with a signal in force that has only now been accepted."""
    account = replace(situation.account, refused=0, stops_refused=0)
    return replace(situation, account=account, body=body, decision_no=1)
