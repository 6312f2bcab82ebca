"""Sharing without loss: every share is a whole number of grains, and together they are the whole.

A grain is 10**-18, the wei of an ether: no coin that is traded divides finer. Shares are counted in Python integers and
rounded down; what rounding leaves over stays with the last share that has a claim.
"""

from collections.abc import Sequence
from decimal import Decimal

from trading.errors import BadData
from trading.money import CONTEXT, ZERO, round_to

PLACES = 18
GRAIN = Decimal(1).scaleb(-PLACES)
#: Amounts below it, and sums of many of them, are exact in the 50 digits of trading.money.CONTEXT: sum in it.
MOST = Decimal(10) ** 20
_SCALE = Decimal(10) ** PLACES


def representable(amount: Decimal) -> bool:
    """Return whether `amount` is finite, a whole number of grains and small enough to be added exactly."""
    if not amount.is_finite() or abs(amount) >= MOST:
        return False
    exponent = amount.as_tuple().exponent
    return isinstance(exponent, int) and (exponent >= -PLACES or amount == round_to(amount, GRAIN))


def grains(amount: Decimal) -> int:
    """Return `amount` as a whole number of grains.

    Raises:
        BadData: it is not one.
    """
    if not representable(amount):
        raise BadData(f"finer than {PLACES} decimals, or too large: {amount}")
    return int(CONTEXT.multiply(amount, _SCALE))


def part(total: Decimal, portion: Decimal, whole: Decimal) -> Decimal:
    """Return `total` x `portion` / `whole`, rounded down to a grain.

    Raises:
        BadData: the whole is zero.
    """
    if whole == ZERO:
        raise BadData("a part of nothing")
    return _amount(grains(total) * grains(portion) // grains(whole))


def apportion(total: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """Return `total` shared out in proportion to `weights`; the shares sum to it exactly, no weight gives no share.

    Each share is within a grain of its proportion, and never above its weight where the total is not above theirs.

    Raises:
        BadData: the weights sum to zero.
    """
    whole = sum(map(grains, weights))
    if whole == 0:
        raise BadData("nothing to share among")
    shared, reached, before = grains(total), 0, 0
    shares: list[Decimal] = []
    for weight in weights:
        reached += grains(weight)
        upto = shared * reached // whole
        shares.append(_amount(upto - before))
        before = upto
    return shares


def _amount(count: int) -> Decimal:
    return Decimal(count).scaleb(-PLACES, CONTEXT)
