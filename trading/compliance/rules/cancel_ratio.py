"""Cancel ratio: orders that flicker, placed and withdrawn at once without a fill, as who stuffs quotes does."""

from datetime import timedelta
from decimal import Decimal

from trading.compliance.case import Finding
from trading.compliance.rules.activity import Activity, grouped, hour_of
from trading.compliance.rules.parameters import Parameters
from trading.money import divide

RULE = "cancel_ratio"
_HOUR = timedelta(hours=1)


def find(activity: Activity, parameters: Parameters) -> list[Finding]:
    """Return a finding for each UTC hour, strategy and symbol in which almost all orders flickered."""
    shortest = timedelta(seconds=parameters.flicker_seconds)
    found: list[Finding] = []
    for (strategy, symbol, hour), orders in grouped(
        activity.orders, lambda one: (one.strategy, one.symbol, hour_of(one.placed))
    ).items():
        gone = [one for one in orders if one.withdrawn and one.life is not None and one.life <= shortest]
        share = divide(Decimal(len(gone)), Decimal(len(orders)))
        if len(orders) >= parameters.flicker_orders and share >= parameters.flicker_ratio:
            said = f"{len(gone)} of {len(orders)} orders of {symbol} by {strategy} were withdrawn within"
            found.append(
                Finding(
                    RULE, symbol, f"{strategy}|{hour.isoformat()}", f"{said} {parameters.flicker_seconds:g} s",
                    tuple(one.client_id for one in gone), hour, hour + _HOUR,
                )
            )  # fmt: skip
    return found
