"""What is proven about an order after one attempt: the allow-list of refusals; all else is unknown.

ccxt's exception classes cannot decide it: one class covers orders that live and orders that do not, and a broken 200
answer raises nothing. HTTP status, the venue's code and the echo of our client id together can.
"""

from decimal import Decimal
from typing import Any

from adapters.exchange.ccxt_client import WireAnswer
from trading.errors import BadData
from trading.money import decimal
from trading.order import OrderState
from trading.ports import Outcome, Verdict

#: (HTTP status, code) pairs by which the venue says that it did not act, and will not.
REFUSALS = frozenset(
    {(400, code) for code in (-1013, -1021, -1022, -1131, -2010, -2011, -2014, -2015)}
    | {(400, code) for code in range(-1130, -1099)}
    | {(401, code) for code in (-1002, -2014, -2015)}
    | {(429, -1003), (429, -1015), (418, -1003), (503, -1008)}
)
#: Refused because an order with this client id is open: so one of ours lives, and must be asked for.
_DUPLICATE = "Duplicate order sent."

STATES = {
    "NEW": OrderState.ACKED,
    "PENDING_NEW": OrderState.ACKED,
    "PARTIALLY_FILLED": OrderState.PARTIAL,
    "FILLED": OrderState.FILLED,
    "PENDING_CANCEL": OrderState.PENDING_CANCEL,
    "CANCELED": OrderState.CANCELED,
    "REJECTED": OrderState.REJECTED,
    "EXPIRED": OrderState.EXPIRED,
    "EXPIRED_IN_MATCH": OrderState.EXPIRED,
}


def classify(answer: WireAnswer, client_id: str, echo: str) -> Outcome:
    """Return the outcome of the order or cancel request that `answer` answers; `echo` names the field of our client id.

    ACCEPTED needs status 200, a venue order id, a known state, a quantity that fits it and the echo of `client_id`;
    REFUSED a pair of REFUSALS.
    """
    accepted = _accepted(answer, client_id, echo)
    if accepted is not None:
        return accepted
    if (answer.status, answer.code) in REFUSALS and answer.body.get("msg") != _DUPLICATE:
        return Outcome(Verdict.REFUSED, code=str(answer.code), detail=str(answer.body.get("msg", "")))
    seen = "no answer" if answer.status is None else f"HTTP {answer.status}"
    code = "" if answer.code is None else str(answer.code)
    return Outcome(Verdict.UNKNOWN, code=code, detail=f"{seen} {answer.error}".strip())


def _accepted(answer: WireAnswer, client_id: str, echo: str) -> Outcome | None:
    body: Any = answer.body
    if answer.status != 200 or not isinstance(body, dict) or body.get(echo) != client_id:
        return None
    number, state, filled = body.get("orderId"), STATES.get(str(body.get("status"))), _quantity(body.get("executedQty"))
    if type(number) is not int or state is None or filled is None or (state is OrderState.FILLED and not filled):
        return None
    return Outcome(Verdict.ACCEPTED, venue_order_id=str(number), state=state, filled=filled)


def _quantity(value: object) -> Decimal | None:
    try:
        quantity = decimal(value)
    except BadData:
        return None
    return quantity if quantity >= 0 else None
