"""Size a position so that its expected daily volatility meets the target, never beyond the exposure asked."""

from decimal import Decimal

from trading.errors import Denied
from trading.instrument import Instrument
from trading.money import CONTEXT, ONE, divide, multiply, text
from trading.target import Target
from trading.timeframe import Timeframe


def size(
    exposure: Decimal,
    bar_volatility: Decimal,
    timeframe: Timeframe,
    equity: Decimal,
    price: Decimal,
    target_volatility: Decimal,
    instrument: Instrument,
) -> Target:
    """Return the holding in base: equity x exposure x min(1, target / daily volatility) / price, on the lot grid.

    `bar_volatility` is the standard deviation of one bar's log return; `target_volatility` is per day.

    Raises:
        Denied: price or volatility is missing, zero or negative.
    """
    if price <= 0 or bar_volatility <= 0:
        raise Denied("no_reference", f"price {text(price)}, volatility {text(bar_volatility)}")
    bars_per_day = Decimal(86400) / Decimal(timeframe.seconds)
    daily = multiply(bar_volatility, bars_per_day.sqrt(CONTEXT))
    scale = min(ONE, divide(target_volatility, daily))
    value = multiply(multiply(max(equity, Decimal(0)), exposure), scale)
    reasons = ("volatility_target",) if scale < ONE and exposure > 0 else ()
    return Target(instrument.quantity(divide(value, price)), reasons)
