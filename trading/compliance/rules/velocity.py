"""Velocity: more orders of a symbol within a minute than any of our strategies has reason to send."""

from datetime import timedelta

from trading.compliance.case import Finding
from trading.compliance.rules.activity import Activity, grouped
from trading.compliance.rules.parameters import Parameters

RULE = "velocity"
_MINUTE = timedelta(minutes=1)


def find(activity: Activity, parameters: Parameters) -> list[Finding]:
    """Return one finding for each UTC minute and symbol with more than `orders_per_minute` orders."""
    found: list[Finding] = []
    minutes = grouped(activity.orders, lambda one: (one.venue, one.symbol, one.placed.replace(second=0, microsecond=0)))
    for (venue, symbol, minute), orders in minutes.items():
        if len(orders) > parameters.orders_per_minute:
            found.append(
                Finding(
                    RULE,
                    symbol,
                    f"{venue}|{minute.isoformat()}",
                    f"{len(orders)} orders of {symbol} within a minute, more than {parameters.orders_per_minute}",
                    tuple(one.client_id for one in orders),
                    minute,
                    minute + _MINUTE,
                )
            )
    return found
