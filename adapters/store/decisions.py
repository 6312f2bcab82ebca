"""Decisions on record: what each rested on and came to, with the orders that worked when it was made."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from adapters.store import orders
from adapters.store.database import Connection
from trading.order import Order, OrderRequest
from trading.replay import working

_BATCH = 1000
_ORDERS = f"select {orders.COLUMNS} from trading.orders where client_id = any(%s)"  # noqa: S608
_SENT = f"select {orders.COLUMNS} from trading.orders where signal_id = any(%s) and attempt = 1"  # noqa: S608
_RECORDS = """
select
    d.signal_id, d.decision_no, d.strategy, d.symbol, d.trigger_ as trigger, d.verdict, d.reason, d.decided_at,
    d.limits_version, d.inputs, d.inputs_hash
from unnest(%s::text[], %s::integer[]) with ordinality as k (signal_id, decision_no, place)
inner join trading.risk_decisions as d on k.signal_id = d.signal_id and k.decision_no = d.decision_no
order by k.place
"""


@dataclass(frozen=True)
class Decided:
    """One decision of trading.risk_decisions; `inputs` as `trading.replay.record` made them.

    `working` are the orders that worked when it was made, as they are now, by client id; `sent` is what it led to.
    """

    signal_id: str
    decision_no: int
    strategy: str
    symbol: str
    trigger: str
    verdict: str
    reason: str
    decided_at: datetime
    limits_version: int
    inputs: dict[str, Any]
    inputs_hash: str
    working: dict[str, Order]
    sent: list[OrderRequest]


def keys(connection: Connection, book: str, start: datetime | None, end: datetime | None) -> list[tuple[str, int]]:
    """Return (signal id, number) of the decisions of `book` in [start, end), oldest first."""
    rows = connection.execute(
        "select signal_id, decision_no from trading.risk_decisions where book = %(book)s"
        " and (%(start)s::timestamptz is null or decided_at >= %(start)s)"
        " and (%(end)s::timestamptz is null or decided_at < %(end)s) order by decided_at, signal_id, decision_no",
        {"book": book, "start": start, "end": end},
    )
    return [(row["signal_id"], row["decision_no"]) for row in rows]


def newest(connection: Connection, book: str) -> datetime | None:
    """Return when the newest decision of `book` was made, None without any."""
    row = connection.execute(
        "select max(decided_at) as newest from trading.risk_decisions where book = %s", (book,)
    ).fetchone()
    return None if row is None else row["newest"]


def read(connection: Connection, chosen: Sequence[tuple[str, int]]) -> Iterator[Decided]:
    """Yield the decisions of `chosen` in their order, each with its orders."""
    for first in range(0, len(chosen), _BATCH):
        ids, numbers = zip(*chosen[first : first + _BATCH], strict=True)
        rows = connection.execute(_RECORDS, (list(ids), list(numbers))).fetchall()
        wanted = sorted({name for row in rows for name in working(row["inputs"])})
        at_work = {row["client_id"]: orders.read(row) for row in connection.execute(_ORDERS, (wanted,))}
        sent: defaultdict[tuple[str, int], list[OrderRequest]] = defaultdict(list)
        for row in connection.execute(_SENT, (list(ids),)):
            sent[row["signal_id"], row["decision_no"]].append(orders.read(row).request)
        for row in rows:
            mine = {name: at_work[name] for name in working(row["inputs"]) if name in at_work}
            yield Decided(**row, working=mine, sent=sent[row["signal_id"], row["decision_no"]])
