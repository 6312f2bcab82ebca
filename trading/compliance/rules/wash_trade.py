"""Wash-like trades: bought and sold again at once, as much at almost the same price, and this again and again."""

from collections.abc import Sequence
from datetime import timedelta

from trading.compliance.case import Finding
from trading.compliance.rules.activity import Activity, Executed, grouped, hour_of
from trading.compliance.rules.parameters import Parameters
from trading.money import multiply

RULE = "wash_trade"
Trip = tuple[Executed, Executed]


def find(activity: Activity, parameters: Parameters) -> list[Finding]:
    """Return a finding for each UTC hour and symbol with enough round trips that carried hardly any risk.

    All strategies of the book count together: what one sells and another buys is the book's trip too.
    """
    found: list[Finding] = []
    for (venue, symbol), fills in grouped(activity.fills, lambda fill: (fill.venue, fill.symbol)).items():
        for hour, trips in grouped(_trips(fills, parameters), lambda trip: hour_of(trip[0].at)).items():
            if len(trips) >= parameters.wash_trips:
                both = [fill for trip in trips for fill in trip]
                said = f"{len(trips)} round trips of {symbol} within {parameters.wash_seconds:g} s each, without a move"
                found.append(
                    Finding(
                        RULE, symbol, f"{venue}|{hour.isoformat()}", said,
                        tuple(dict.fromkeys(fill.client_id for fill in both)), both[0].at, both[-1].at,
                    )
                )  # fmt: skip
    return found


def _trips(fills: Sequence[Executed], parameters: Parameters) -> list[Trip]:
    """Return pairs of opposite fills by time, each fill in one pair at most."""
    found: list[Trip] = []
    used: set[str] = set()
    within = timedelta(seconds=parameters.wash_seconds)
    for number, first in enumerate(fills):
        if first.trade_id in used:
            continue
        for second in fills[number + 1 :]:
            if second.at - first.at > within:
                break
            if second.trade_id not in used and _undone(first, second, parameters):
                used |= {first.trade_id, second.trade_id}
                found.append((first, second))
                break
    return found


def _undone(first: Executed, second: Executed, parameters: Parameters) -> bool:
    if first.side == second.side or first.client_id == second.client_id:
        return False
    larger = max(first.quantity, second.quantity)
    near = abs(first.price - second.price) <= multiply(first.price, parameters.wash_price)
    return near and abs(first.quantity - second.quantity) <= multiply(larger, parameters.wash_quantity)
