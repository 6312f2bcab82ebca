"""The story around a violation: everything that all sources tell about its order, signal or trade, in time order."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from adapters.evidence.history import History
from trading.money import text


@dataclass(frozen=True)
class Moment:
    """One line of the story: when, who says so, what happened."""

    at: datetime
    source: str
    what: str


def timeline(history: History, ref: str) -> list[Moment]:
    """Return what happened around `ref` (client id, signal id, or SYMBOL#trade), oldest first; empty for others."""
    ids, signals = _about(history, ref)
    if not ids and not signals:
        return []
    moments = [
        *_signals(history, signals),
        *_orders(history, ids),
        *_venue(history, ids),
        *_audit(history, ids | signals | {f"{row['signal_id']}:{row['decision_no']}" for row in _rows(history, ids)}),
    ]
    return sorted(moments, key=lambda moment: moment.at)


def _about(history: History, ref: str) -> tuple[set[str], set[str]]:
    """Return the client ids and signal ids that `ref` concerns."""
    if ref in history.signal or any(row["signal_id"] == ref for row in history.outbox):
        return {row["client_id"] for row in history.orders if row["signal_id"] == ref}, {ref}
    symbol, _, trade_id = ref.partition("#")
    booked = {row["client_id"] for row in history.fills if (row["symbol"], row["trade_id"]) == (symbol, trade_id)}
    made = {fill.client_id for fill in history.court.fills if (fill.symbol, fill.trade_id) == (symbol, trade_id)}
    named = (
        booked
        | made
        | ({ref} if ref in history.order or ref in history.court.orders_of or ref in history.court.posts_of else set())
    )
    stems = {one.rpartition("-a")[0] for one in named if one.startswith("tw-")}
    known = [*history.order, *history.court.orders_of, *history.court.posts_of]
    ids = named | {one for one in known if one.rpartition("-a")[0] in stems}
    return ids, {row["signal_id"] for row in _rows(history, ids)}


def _rows(history: History, ids: set[str]) -> list[dict[str, str]]:
    return [history.order[one] for one in sorted(ids) if one in history.order]


def _signals(history: History, signals: set[str]) -> Iterator[Moment]:
    for row in history.outbox:
        if row["signal_id"] in signals:
            yield Moment(row["created_at"], "outbox", f"signal {row['signal_id']}")
            if row["published_at"]:
                place = f"{row['partition']}:{row['offset_']}"
                yield Moment(row["published_at"], "outbox", f"signal {row['signal_id']} published at {place}")
    for row in history.inbox:
        if row["signal_id"] in signals:
            what = f"signal {row['signal_id']} {row['status']} from {row['partition']}:{row['offset_']}"
            yield Moment(row["received_at"], "inbox", what)
    for row in history.decisions:
        if row["signal_id"] in signals:
            what = f"decision {row['decision_no']} on {row['trigger_']}: {row['verdict']} {row['reason']}"
            yield Moment(row["decided_at"], "decision", what)


def _orders(history: History, ids: set[str]) -> Iterator[Moment]:
    for one in sorted(ids):
        for event in history.events_of.get(one, []):
            detail = " ".join(f"{name}={value}" for name, value in event["detail"].items())
            yield Moment(
                event["at"], "order", f"{one} {event['from_state'] or '-'} > {event['to_state']} {detail}".rstrip()
            )
        for fill in history.fills_of.get(one, []):
            what = f"{one} trade {fill['trade_id']} booked: {text(fill['quantity'])} at {text(fill['price'])}"
            yield Moment(fill["recorded_at"], "fills", what)
        for journal in history.journals_of.get(one, []):
            yield Moment(journal["at"], "ledger", f"{journal['kind']} {journal['journal_id']}")


def _venue(history: History, ids: set[str]) -> Iterator[Moment]:
    for post in history.court.requests:
        named = post.client_id or post.params.get("origClientOrderId", "")
        if named in ids:
            said = "no answer" if post.status is None else f"HTTP {post.status} {post.code or ''}".rstrip()
            yield Moment(post.at, "wire", f"{post.method} {named} > {said}")
    for order in history.court.orders:
        if order.client_id in ids:
            yield Moment(order.at, "venue", f"accepted {order.client_id} as {order.order_id}")
            if order.canceled_at is not None:
                yield Moment(order.canceled_at, "venue", f"cancelled {order.client_id}")
            for fill in order.fills:
                what = f"trade {fill.trade_id} of {order.client_id}: {text(fill.quantity)} at {text(fill.price)}"
                yield Moment(fill.at, "venue", what)


def _audit(history: History, refs: set[str]) -> Iterator[Moment]:
    for row in history.audit:
        if row["ref"] in refs:
            yield Moment(row["at"], "audit", f"{row['seq']} {row['actor']} {row['kind']} {row['ref']}")
