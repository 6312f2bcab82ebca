"""A decision on record: all that it rested on and all that it asked for, and the same decision made again from that."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from trading.account import Account
from trading.audit import plain
from trading.decide import Decision, Market, decide
from trading.errors import BadData
from trading.limits import Limits
from trading.money import ZERO, text
from trading.order import Order, OrderRequest, OrderState
from trading.signal import Signal

#: What of an account a decision's record holds as it is; orders that work are told by what may change about them.
_KEPT = tuple(field.name for field in fields(Account) if field.name not in ("book", "strategy", "symbol", "working"))
#: What records of before it do not hold: then there was no limit that asked for it.
_LATER = ("legs", "leg_price")


@dataclass(frozen=True)
class Outcome:
    """What a decision came to, in the words of its record: a request is one line, a cancel a client id."""

    verdict: str
    reason: str
    target: str
    requests: tuple[str, ...]
    cancels: tuple[str, ...]


@dataclass(frozen=True)
class Ground:
    """All that a decision rests on but the limits."""

    signal: Signal
    account: Account
    market: Market
    decision_no: int


def record(signal: Signal, account: Account, market: Market, decision: Decision, limits_version: int) -> dict[str, Any]:
    """Return all that the decision rests on and all that it asks for, as plain values."""
    kept = {name: getattr(account, name) for name in _KEPT}
    return plain(
        {
            "signal": signal,
            "account": {
                **kept,
                "holding": account.holding,
                "equity": account.equity(market.price),
                "working": [
                    {"client_id": order.client_id, "state": order.state, "filled": order.filled}
                    for order in account.working
                ],
            },
            "market": market,
            "limits_version": limits_version,
            "target": decision.target if decision.target else ZERO,
            "requests": decision.requests,
            "cancels": [order.client_id for order in decision.cancels],
        }
    )


def working(recorded: Mapping[str, Any]) -> list[str]:
    """Return the client ids of the orders that worked when the decision was made, as far as its record tells them."""
    told = recorded.get("account", {}).get("working", [])
    return [order["client_id"] for order in told if isinstance(order, dict)]


def recall(recorded: Mapping[str, Any], decision_no: int, orders: Mapping[str, Order]) -> Ground:
    """Return what the decision of a record rested on; `orders` are those of `working`, in any state.

    Raises:
        BadData: the record lacks something, or an order that worked then is not known.
    """
    try:
        signal = _reader(Signal).validate_python(recorded["signal"])
        market = _reader(Market).validate_python(recorded["market"])
        told = recorded["account"]
        if not all(isinstance(order, dict) for order in told["working"]):
            raise BadData("the record names orders that worked, not how far they had come")
        at_work = tuple(_as_it_was(order, orders) for order in told["working"])
        owner = {"book": signal.book, "strategy": signal.strategy, "symbol": signal.symbol}
        account = _reader(Account).validate_python(
            {**owner, **{name: told[name] for name in _KEPT if name in told or name not in _LATER}}
        )
    except KeyError as missing:
        raise BadData(f"the record does not hold {missing}") from None
    except ValidationError as wrong:
        first = wrong.errors()[0]
        raise BadData(f"the record's {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    return Ground(signal, replace(account, working=at_work), market, decision_no)


def again(ground: Ground, limits: Limits) -> Outcome:
    """Return what the decision comes to when it is made again under `limits`."""
    made = decide(ground.signal, ground.account, ground.market, limits, ground.decision_no)
    cancels = tuple(order.client_id for order in made.cancels)
    return Outcome(made.verdict, made.reason, text(made.target), tuple(map(line, made.requests)), cancels)


def outcome(recorded: Mapping[str, Any], *, verdict: str, reason: str) -> Outcome:
    """Return what the decision of a record came to; BadData when the record lacks something."""
    try:
        requests = tuple(_line(request) for request in recorded["requests"])
        return Outcome(verdict, reason, str(recorded["target"]), requests, tuple(recorded["cancels"]))
    except KeyError as missing:
        raise BadData(f"the record does not hold {missing}") from None


def differences(one: Outcome, other: Outcome) -> list[str]:
    """Return the names of what differs."""
    return [field.name for field in fields(Outcome) if getattr(one, field.name) != getattr(other, field.name)]


def line(request: OrderRequest) -> str:
    """Return an order in one line: `entry BUY 0.5 MARKET`, `stop SELL 0.5 STOP_LOSS at 90`."""
    return _line(plain(request))


def _line(request: Mapping[str, Any]) -> str:
    place = f"{request['key']['leg']}{request['key'].get('level') or ''}"
    at: Sequence[str] = [text(Decimal(request[name])) for name in ("limit", "stop") if request[name] is not None]
    said = f"{place} {request['side']} {request['quantity']} {request['type']}"
    return f"{said} at {', '.join(at)}" if at else said


def _as_it_was(told: Mapping[str, Any], orders: Mapping[str, Order]) -> Order:
    return replace(orders[told["client_id"]], state=OrderState(told["state"]), filled=Decimal(told["filled"]))


@cache
def _reader(kind: type[Any]) -> TypeAdapter[Any]:
    return TypeAdapter(kind)
