"""Spike: an order, or the turnover of a day, far above what the book itself has done before."""

from collections.abc import Sequence
from decimal import Decimal, localcontext
from statistics import median

from trading.compliance.case import Finding
from trading.compliance.rules.activity import Activity, Placed, grouped
from trading.compliance.rules.parameters import Parameters
from trading.money import CONTEXT, ZERO, divide, multiply

RULE = "spike"
#: The median distance of normal values from their median, in standard deviations: its reciprocal makes them one.
_TO_DEVIATION = Decimal("1.4826")
#: A history without any spread has a tenth of its median: otherwise the first other number would be infinitely far.
_LEAST_SPREAD = Decimal("0.1")


def find(activity: Activity, parameters: Parameters) -> list[Finding]:
    """Return a finding for each order and each day's turnover that is both far and many times above the median.

    With less history than the parameters ask for, nothing is known and nothing said.
    """
    found: list[Finding] = []
    placed = sorted((*activity.before, *activity.orders), key=lambda one: (one.placed, one.client_id))
    for orders in grouped(placed, lambda one: (one.strategy, one.symbol)).values():
        found += _orders(orders, activity, parameters)
    return found + _turnovers(activity, parameters)


def _orders(orders: Sequence[Placed], activity: Activity, parameters: Parameters) -> list[Finding]:
    found: list[Finding] = []
    for number, one in enumerate(orders):
        history = [before.value for before in orders[max(0, number - 10 * parameters.spike_history) : number]]
        if one.placed < activity.since or len(history) < parameters.spike_history:
            continue
        middle = median(history)
        score = far(one.value, history)
        if score >= parameters.spike_score and one.value >= multiply(middle, parameters.spike_multiple):
            said = f"an order over {one.value:.8g} of {one.symbol}, {divide(one.value, middle):.1f} times the median"
            found.append(
                Finding(
                    RULE, one.symbol, one.client_id, f"{said} of the {len(history)} before it (score {score:.1f})",
                    (one.client_id,), one.placed, one.placed,
                )
            )  # fmt: skip
    return found


def _turnovers(activity: Activity, parameters: Parameters) -> list[Finding]:
    found: list[Finding] = []
    for symbol, fills in grouped(activity.fills, lambda fill: fill.symbol).items():
        history = [value for value in activity.turnovers.get(symbol, ()) if value > ZERO]
        if len(history) < parameters.spike_days:
            continue
        with localcontext(CONTEXT):
            traded = sum((fill.value for fill in fills), ZERO)
        middle, score = median(history), far(traded, history)
        if score >= parameters.spike_score and traded >= multiply(middle, parameters.spike_multiple):
            said = f"traded {traded:.8g} of {symbol}, {divide(traded, middle):.1f} times the median"
            found.append(
                Finding(
                    RULE, symbol, f"turnover|{activity.since.date()}",
                    f"{said} of the {len(history)} days before (score {score:.1f})",
                    tuple(dict.fromkeys(fill.client_id for fill in fills)), fills[0].at, fills[-1].at,
                )
            )  # fmt: skip
    return found


def far(value: Decimal, history: Sequence[Decimal]) -> Decimal:
    """Return how far `value` lies above the median of `history`, in deviations that outliers do not move."""
    with localcontext(CONTEXT):
        middle = median(history)
        spread = median([abs(one - middle) for one in history]) * _TO_DEVIATION
        return (value - middle) / max(spread, middle * _LEAST_SPREAD)
