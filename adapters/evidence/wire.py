"""I2, I3, I27, I28: what went over the wire against what was committed, allowed and still wanted."""

import math
from collections.abc import Iterator
from datetime import datetime, timedelta

from adapters.evidence.court import Request
from adapters.evidence.finding import Case, Check
from adapters.evidence.history import History, Row
from trading.order import Leg
from trading.timeframe import milliseconds_of

_MOST_WINDOW_MS = 5000
#: How long after a halt an order may still reach the venue.
_HALT_SECONDS = timedelta(seconds=1)
#: Where the venue's clock and the machine's are further apart than this, the market's time is not the wall's.
_SAME_CLOCK = timedelta(minutes=5)


def row_before_wire(history: History) -> Iterator[Case]:
    """Check that no order request came without a row that was SENDING before, with its id, attempt and timestamp."""
    for client_id, posts in history.court.posts_of.items():
        for post in posts:
            yield client_id, _uncommitted(history, post)
    for order in history.court.orders:
        if not order.foreign and order.client_id not in history.court.posts_of:
            yield order.client_id, "accepted without a request in the court record"


def _uncommitted(history: History, post: Request) -> str:
    row = history.order.get(post.client_id)
    if row is None:
        return f"posted at {_clock(post.at)}, but the database has no such order"
    if row["sent_at"] is None:
        return f"posted at {_clock(post.at)}, but its row was never SENDING"
    if not post.client_id.endswith(f"-a{row['attempt']}"):
        return f"posted as another attempt than the row's {row['attempt']}"
    sending = [event for event in history.events_of.get(post.client_id, []) if event["to_state"] == "SENDING"]
    if [event["at"] for event in sending] != [row["sent_at"]]:
        return f"sent_at is {_clock(row['sent_at'])}, SENDING were {[_clock(event['at']) for event in sending]}"
    return ""


def signed_is_stored(history: History) -> Iterator[Case]:
    """Check that the signed timestamp is the stored one, windows are short, and nothing was accepted after them."""
    accepted = {order.number: order for order in history.court.orders}
    for client_id, posts in history.court.posts_of.items():
        row = history.order.get(client_id)
        for post in posts:
            stamp, window = int(post.params["timestamp"]), int(post.params.get("recvWindow", _MOST_WINDOW_MS + 1))
            order = accepted.get(post.number)
            late = 0 if order is None else milliseconds_of(order.at + order.clock_offset) - stamp
            if row is not None and row["sent_at"] is not None and stamp != milliseconds_of(row["sent_at"]):
                yield client_id, f"signed {stamp}, stored {milliseconds_of(row['sent_at'])}"
            elif window > _MOST_WINDOW_MS or (row is not None and row["recv_window_ms"] != window):
                stored = None if row is None else row["recv_window_ms"]
                yield client_id, f"recvWindow {window} ms on the wire, {stored} ms stored, {_MOST_WINDOW_MS} allowed"
            elif late > window:
                yield client_id, f"accepted {late} ms after its timestamp, window {window}"
            else:
                yield client_id, ""


def nothing_new_under_a_halt(history: History) -> Iterator[Case]:
    """Check that no accepted order of new risk was sent later than 1 s after a halt was committed, while in force.

    Where the market has a time of its own, the order of transactions stands for the clock: what was sent by a
    transaction after the one that says that the halt has been enforced (where there is none: after the halt's own).
    """
    for halt in history.halts:
        wall, span = _wall(history, halt), _span(history, halt)
        for row in history.ours:
            risky = not row["reduce_only"] and row["leg"] != Leg.STOP and history.court.orders_of.get(row["client_id"])
            if not risky or (halt["symbol"] is not None and halt["symbol"] != row["symbol"]):
                continue
            late = _sent_under(history, halt, row) if wall else _written_under(history, row, span)
            yield row["client_id"], f"accepted under halt {halt['halt_id']} ({halt['reason']})" if late else ""


def _wall(history: History, halt: Row) -> bool:
    since, until = history.court.since - _SAME_CLOCK, history.court.until + _SAME_CLOCK
    return since <= halt["at"] <= until and (history.opened_at is None or since <= history.opened_at <= until)


def _sent_under(history: History, halt: Row, row: Row) -> bool:
    # What counts is when it came over the wire: the venue may have let it wait.
    return any(
        halt["at"] + _HALT_SECONDS < post.at and (halt["lifted_at"] is None or post.at < halt["lifted_at"])
        for post in history.court.posts_of.get(row["client_id"], [])
    )


def _span(history: History, halt: Row) -> tuple[float, float]:
    """Return the transactions between which the halt was surely in force; an empty span when nobody wrote them down."""
    enforced = history.audit_of.get(("halt_enforced", str(halt["halt_id"])), [])
    lifted = [row["xid"] for row in history.audit if halt["halt_id"] in (row["lifted"] or ())]
    if halt["lifted_at"] is None:
        return (enforced[0]["xid"] if enforced else halt["xid"]), math.inf
    return (enforced[0]["xid"], lifted[0]) if enforced and lifted else (math.inf, -math.inf)


def _written_under(history: History, row: Row, span: tuple[float, float]) -> bool:
    sending = [event["xid"] for event in history.events_of.get(row["client_id"], []) if event["to_state"] == "SENDING"]
    return any(span[0] < xid < span[1] for xid in sending)


def nothing_expired_is_sent(history: History) -> Iterator[Case]:
    """Check that only stops are sent at or after their signal's expiry, and only signals in time are accepted."""
    for signal in history.inbox:
        until = datetime.fromisoformat(signal["body"]["valid_until"])
        if signal["status"] == "ACCEPTED" and signal["received_at"] >= until:
            yield signal["signal_id"], f"accepted at {_clock(signal['received_at'])}, valid until {_clock(until)}"
    for row in history.ours:
        signal = history.signal.get(row["signal_id"])
        if row["sent_at"] is None or signal is None:
            continue
        until = datetime.fromisoformat(signal["body"]["valid_until"])
        if signal["status"] != "ACCEPTED":
            yield row["client_id"], f"sent for signal {row['signal_id']}, which is {signal['status']}"
        else:
            late = row["leg"] != Leg.STOP and row["sent_at"] >= until
            yield row["client_id"], f"sent at {_clock(row['sent_at'])}, valid until {_clock(until)}" if late else ""


def _clock(at: datetime) -> str:
    return at.isoformat(sep=" ", timespec="milliseconds")


CHECKS = (
    Check("I2", "no order request without an earlier committed row", row_before_wire),
    Check("I3", "signed time is stored time, windows are short, nothing late accepted", signed_is_stored),
    Check("I27", "no new risk reaches the venue under a halt", nothing_new_under_a_halt),
    Check("I28", "nothing but stops is sent after its signal expired", nothing_expired_is_sent),
)
