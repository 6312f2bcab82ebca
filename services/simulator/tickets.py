"""Reading an order from the parameters of a request, as strictly as the venue does."""

import re
from collections.abc import Mapping
from decimal import Decimal

from services.simulator.refusals import (
    UNKNOWN_SIDE,
    UNKNOWN_TIME_IN_FORCE,
    UNKNOWN_TYPE,
    malformed,
    missing,
    superfluous,
)
from trading.order import OrderType, Side
from trading.simulation.filters import Ticket

_NUMBER = re.compile(r"\d{1,20}(\.\d{1,20})?")
_CLIENT_ID = re.compile(r"[a-zA-Z0-9\-_.:/]{1,36}")
_NEEDED = {
    OrderType.MARKET: ("quantity",),
    OrderType.LIMIT: ("quantity", "price", "timeInForce"),
    OrderType.STOP_LOSS: ("quantity", "stopPrice"),
}
_CONDITIONAL = frozenset({"price", "stopPrice", "timeInForce"})


def ticket(account: str, symbol: str, params: Mapping[str, str]) -> Ticket:
    """Return the order that `params` ask for; refused where something is missing, malformed or not needed."""
    side, kind = params.get("side"), params.get("type")
    if side not in {"BUY", "SELL"}:
        raise missing("side") if not side else UNKNOWN_SIDE
    if kind not in {kind.value for kind in OrderType}:
        raise missing("type") if not kind else UNKNOWN_TYPE
    order_type = OrderType(kind)
    for name in _NEEDED[order_type]:
        if not params.get(name):
            raise missing(name)
    for name in _CONDITIONAL - set(_NEEDED[order_type]):
        if params.get(name):
            raise superfluous(name)
    if params.get("timeInForce") not in {None, "GTC", "IOC"}:
        raise UNKNOWN_TIME_IN_FORCE
    client_id = params.get("newClientOrderId", "")
    if client_id and not _CLIENT_ID.fullmatch(client_id):
        raise malformed("newClientOrderId")
    quantity = _number(params, "quantity")
    if quantity is None:
        raise missing("quantity")
    return Ticket(
        account=account,
        symbol=symbol,
        client_id=client_id,
        side=Side(side),
        type=order_type,
        quantity=quantity,
        limit=_number(params, "price"),
        stop=_number(params, "stopPrice"),
        immediate=params.get("timeInForce") == "IOC",
    )


def _number(params: Mapping[str, str], name: str) -> Decimal | None:
    value = params.get(name)
    if not value:
        return None
    if not _NUMBER.fullmatch(value):
        raise malformed(name)
    return Decimal(value)
