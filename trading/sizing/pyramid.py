"""Refuse an entry too many, or one too close to the last: a position is built of so many legs, so far apart."""

from decimal import Decimal

from trading.account import Account
from trading.instrument import Instrument
from trading.limits import MOST_LEGS, Limits
from trading.money import multiply
from trading.target import Target


def apply(target: Target, account: Account, price: Decimal, instrument: Instrument, limits: Limits) -> Target:
    """Return `target`, capped at what is held when another entry is one too many or too close to the last one.

    An entry is close when the market has moved by less than `leg_spacing` of the price at which the newest leg was
    decided, up or down. Whoever holds nothing that could be sold begins a position: that is never refused.
    """
    if account.leg_price is None or account.holding < max(instrument.min_quantity, instrument.lot):
        return target
    if account.legs >= limits.max_legs < MOST_LEGS:
        return target.capped(account.holding, "max_legs")
    if abs(price - account.leg_price) < multiply(account.leg_price, limits.leg_spacing):
        return target.capped(account.holding, "leg_spacing")
    return target
