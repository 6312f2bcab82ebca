"""Protocol: what an answer, a look at the venue or the passing of time proves about an order, and what may follow.

Pure rules; whoever applies them does so by compare-and-set. Nothing here assumes an outcome: what is not proven is
UNKNOWN, and absence is proven by time, never by the number of questions.
"""

from datetime import datetime, timedelta

from trading.fill import Fill
from trading.order import Leg, Order, OrderRequest, OrderState
from trading.ports import Outcome, VenueOrder

#: An order that was proven absent or late so often meets a fault that one more attempt does not cure. A stop goes on: a
#: position without one is worse than a request too many.
MOST_ATTEMPTS = 5
#: How long the second attempt waits; each further one twice as long, up to the most.
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.25, 4.0
#: Negative answers needed after the deadline: time is the proof, these only confirm it.
CONFIRMATIONS = 2
#: A halt is obeyed within a second, so nothing that was decided longer ago goes out.
FRESH_SECONDS = 0.5
#: The request did not leave this process.
NOT_SENT = "NOT_SENT"
#: The venue's clock says that the request is too old, or of a time to come.
OUT_OF_TIME = "-1021"
#: Refusals that say nothing about the order itself: it did not leave, came after its time, or in a moment of too many.
OF_THE_MOMENT = frozenset({NOT_SENT, OUT_OF_TIME, "-1003", "-1015"})
#: Refusals of the key, not of the order: whoever gets them twice has no account to trade with.
OF_THE_KEY = frozenset({"-1002", "-2014", "-2015"})
#: By how much two stamps of one venue may disagree.
_CLOCKS = timedelta(seconds=1)
#: How the venue words that more can happen to an order.
WORKING = frozenset({OrderState.ACKED, OrderState.PARTIAL, OrderState.PENDING_CANCEL})


def obstacle(request: OrderRequest, now: datetime, valid_until: datetime, closed_by: str) -> str:
    """Return why an intent may no longer be sent, "" when it may.

    Protection is never held back, an exit by time only; new risk also by whatever closes its way (`closed_by`).
    """
    if request.key.leg is Leg.STOP:
        return ""
    if now >= valid_until:
        return "the signal expired before the order was sent"
    return "" if request.reduce_only else closed_by


def too_late(elapsed_seconds: float, recv_window_ms: int) -> bool:
    """Return True when a stored timestamp must not be signed any more: the decision behind it is no longer fresh."""
    return elapsed_seconds > min(recv_window_ms / 2000, FRESH_SECONDS)


def follows(order: Order, code: str, now: datetime, valid_until: datetime) -> bool:
    """Return whether another attempt follows one that ended as absent or refused with `code`, under a new client id."""
    if code != "absent" and code not in OF_THE_MOMENT:
        return False
    return order.request.key.leg is Leg.STOP or (order.attempt < MOST_ATTEMPTS and now < valid_until)


def pause(attempt: int) -> float:
    """Return how many seconds attempt number `attempt` of an order waits, counted from 1, until it may be sent."""
    if attempt <= 1:
        return 0.0
    return min(_FIRST_PAUSE_SECONDS * 2.0 ** min(attempt - 2, 10), _LONGEST_PAUSE_SECONDS)


def absence_begins(order: Order, margin_ms: int) -> datetime | None:
    """Return the venue time after which absence can be proven; None for an order that cannot be absent.

    What the venue has given an id exists, whatever is not visible yet.
    """
    if order.sent_at is None or order.venue_order_id is not None:
        return None
    if order.state not in (OrderState.SENDING, OrderState.UNKNOWN):
        return None
    return order.sent_at + timedelta(milliseconds=(order.recv_window_ms or 0) + margin_ms)


def may_belong(order: Order, trade: Fill) -> bool:
    """Return whether a trade that no known order explains may be one of `order`, whose venue id is not known."""
    if order.sent_at is None or trade.side is not order.request.side:
        return False
    return trade.quantity <= order.remaining and trade.ts >= order.sent_at - _CLOCKS


def after(order: Order, seen: Outcome | VenueOrder) -> OrderState:
    """Return the state of `order` once the venue says `seen`; the present one when nothing moves.

    Neither does a fill go away, nor the wish to cancel: it is asked again until the order is done. A cancellation that
    is on its way at the venue proves no more than that the order is there.
    """
    state = seen.state or order.state
    state = OrderState.ACKED if state is OrderState.PENDING_CANCEL else state
    if state in WORKING and order.state in (OrderState.PARTIAL, OrderState.PENDING_CANCEL):
        return order.state
    return state


def cause(state: OrderState) -> str:
    """Return why there is something to decide after an order came into `state`: a fill, or how else it ended.

    It is told by the state alone: who booked the trades first is a matter of chance.
    """
    return "fill" if state is OrderState.FILLED or not state.terminal else str(state).lower()


def news(order: Order, seen: VenueOrder) -> bool:
    """Return whether `seen` tells more than is known of `order`."""
    return seen.filled != order.filled or after(order, seen) is not order.state
