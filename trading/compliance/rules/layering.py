"""Layering: several young orders of one side are withdrawn, and not put back, just before a fill on the other side."""

from collections.abc import Sequence
from datetime import timedelta

from trading.compliance.case import Finding
from trading.compliance.rules.activity import Activity, Executed, Placed, grouped
from trading.compliance.rules.parameters import Parameters

RULE = "layering"


def find(activity: Activity, parameters: Parameters) -> list[Finding]:
    """Return a finding for each first fill of an order behind enough withdrawn orders of the other side.

    Who moves its quotes puts them back; who wanted to show a depth that was none does not.
    """
    found: list[Finding] = []
    orders = grouped((one for one in activity.orders if one.type == "LIMIT"), lambda one: (one.venue, one.symbol))
    told: set[str] = set()
    for fill in activity.fills:
        if fill.client_id in told:
            continue
        other = [one for one in orders.get((fill.venue, fill.symbol), ()) if one.side != fill.side]
        shown = _withdrawn(other, fill, parameters)
        if len(shown) >= parameters.layering_orders and 2 * _put_back(other, shown, fill, parameters) < len(shown):
            told.add(fill.client_id)
            found.append(_finding(fill, shown, parameters))
    return found


def _withdrawn(other: Sequence[Placed], fill: Executed, parameters: Parameters) -> list[Placed]:
    since = fill.at - timedelta(seconds=parameters.layering_seconds)
    longest = timedelta(seconds=parameters.layering_life_seconds)
    return [
        one
        for one in other
        if one.withdrawn
        and one.cancelled
        and since <= one.cancelled <= fill.at
        and one.cancelled - one.placed <= longest
    ]


def _put_back(other: Sequence[Placed], shown: Sequence[Placed], fill: Executed, parameters: Parameters) -> int:
    """Return how many orders of that side were placed from the first withdrawal on, and not withdrawn with the rest."""
    first = min(one.cancelled for one in shown if one.cancelled)
    until = fill.at + timedelta(seconds=parameters.layering_seconds)
    gone = {one.client_id for one in shown}
    return sum(first <= one.placed <= until and one.client_id not in gone for one in other)


def _finding(fill: Executed, shown: Sequence[Placed], parameters: Parameters) -> Finding:
    side = shown[0].side.lower()
    return Finding(
        RULE,
        fill.symbol,
        fill.client_id,
        f"{len(shown)} {side} orders of {fill.symbol} were withdrawn within {parameters.layering_seconds:g} s before a"
        f" {fill.side.lower()} was filled, and not put back",
        (fill.client_id, f"trade:{fill.trade_id}", *(one.client_id for one in shown)),
        min(one.placed for one in shown),
        fill.at,
    )
