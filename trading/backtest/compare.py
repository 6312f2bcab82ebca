"""Two accounts of the same trading, such as paper and backtest: where they differ, to the last digit."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from trading.backtest.result import Decided, Placed, Traded
from trading.fill import Fill
from trading.money import text
from trading.performance.equity import Valuation

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Difference:
    """`one` and `other` say something else of a `field` of the `kind` called `key`; "-" where one does not know it."""

    kind: str
    key: str
    field: str
    one: str
    other: str


@dataclass(frozen=True)
class Comparison:
    """How many of each kind both have (`one`, `other`), and every difference."""

    counts: Mapping[str, tuple[int, int]]
    differences: Sequence[Difference]


def compare(one: Traded, other: Traded) -> Comparison:
    """Return where two accounts of one trading differ: decisions, orders, fills with their fees, and equity."""
    found: list[Difference] = []
    counts: dict[str, tuple[int, int]] = {}
    for kind, (get, name) in _KINDS.items():
        first, second = (_named(map(name, get(side))) for side in (one, other))
        counts[kind] = len(first), len(second)
        for key in {**first, **second}:
            found += _differences(kind, key, first.get(key), second.get(key))
    return Comparison(counts, found)


def until(traded: Traded, moment: datetime) -> Traded:
    """Return what had happened by `moment`; orders are left out, for how they end is not known by then."""
    return Traded(
        [one for one in traded.decisions if one.at <= moment],
        [],
        [one for one in traded.fills if one.ts <= moment],
        [one for one in traded.curve if one.ts <= moment],
    )


def _named(told: Iterable[tuple[str, Values]]) -> dict[str, Values]:
    """Return what was told by its key; what comes twice is a thing of its own the second time."""
    found: dict[str, Values] = {}
    times: Counter[str] = Counter()
    for key, values in told:
        times[key] += 1
        found[key if times[key] == 1 else f"{key} again, {times[key]}"] = values
    return found


def _differences(kind: str, key: str, one: Values | None, other: Values | None) -> list[Difference]:
    if one is None or other is None:
        return [Difference(kind, key, "", _all(one), _all(other))]
    return [
        Difference(kind, key, name, _told(value), _told(other[name]))
        for name, value in one.items()
        if value != other[name]
    ]


def _told(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, Decimal):
        return text(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return str(value)


def _all(values: Values | None) -> str:
    return "-" if values is None else ", ".join(f"{name} {_told(value)}" for name, value in values.items())


def _decision(one: Decided) -> tuple[str, Values]:
    values = {name: value for name, value in vars(one).items() if name not in ("signal_id", "number")}
    return f"{one.signal_id}:{one.number}", values


def _order(one: Placed) -> tuple[str, Values]:
    order, request = one.order, one.order.request
    names = ("strategy", "symbol", "side", "type", "quantity", "reference_price", "limit", "stop", "reduce_only")
    wanted = {name: getattr(request, name) for name in names}
    return order.client_id, {**wanted, "state": order.state, "filled": order.filled, "at": one.at, "reason": one.reason}


def _fill(one: Fill) -> tuple[str, Values]:
    # The venue numbers orders as they arrive, and trades of one moment too: of two strategies either may be first.
    known = ("venue", "symbol", "client_id", "venue_order_id", "trade_id")
    return f"{one.symbol} {one.client_id}", {name: value for name, value in vars(one).items() if name not in known}


def _valuation(one: Valuation) -> tuple[str, Values]:
    return _told(one.ts), {name: value for name, value in vars(one).items() if name != "ts"}


_KINDS: Mapping[str, tuple[Callable[[Traded], Sequence[Any]], Callable[[Any], tuple[str, Values]]]] = {
    "decision": (lambda traded: traded.decisions, _decision),
    "order": (lambda traded: traded.orders, _order),
    "fill": (lambda traded: traded.fills, _fill),
    "equity": (lambda traded: traded.curve, _valuation),
}
