"""Whole numbers of the kernel that may be larger than it can hold, and yet compared and divided to the last unit.

Products of money, prices and shares leave 64 bits. There they wrap around, and floats beside them tell about how large
they are. Where the floats do not decide, the numbers lie so close together that their wrapped difference is exact.
"""

#: Relative distance beyond which floats decide: far above their error, so near that differences fit into 64 bits.
_APART = 1e-12
#: Steps from a half beyond which their error does not matter.
_NEAR_HALF = 1e-6


def exceeds(left: int, left_about: float, right: int, right_about: float) -> bool:
    """Return whether `left` > `right`; of each, its wrapped value and about what it is."""
    apart = left_about - right_about
    if abs(apart) > _APART * (abs(left_about) + abs(right_about)):
        return apart > 0
    return left - right > 0


def whole_part(value: int, about: float, divisor: int) -> int:
    """Return `value` / `divisor` rounded down; `about` is what the wrapped `value` is about, `divisor` < 2^61."""
    guess = int(about / divisor)
    rest = value - guess * divisor
    # A division of whole numbers costs many times what all the rest does, and is hardly ever needed.
    return guess if 0 <= rest < divisor else guess + rest // divisor


def nearest(value: int, factor: int, divisor: int) -> int:
    """Return `value` * `factor` / `divisor` as the nearest whole number, halves to even; `divisor` < 2^61."""
    product = value * factor
    whole = whole_part(product, float(value) * float(factor), divisor)
    twice = 2 * (product - whole * divisor)
    return whole + 1 if twice > divisor or (twice == divisor and whole % 2 == 1) else whole


def decimals(value: float, ones: float) -> int:
    """Return `value` >= 0 in whole steps of 1 / `ones` (a power of ten), as `Decimal(repr(value))` is rounded to them.

    Halves go to even. A decimal halfway between two steps is the shortest text of the float nearest to it, and only of
    that one.
    """
    steps = value * ones
    below = int(steps)
    above_half = steps - below - 0.5
    if abs(above_half) > _NEAR_HALF:
        return below + int(above_half > 0)
    half = (2 * below + 1) / (2 * ones)
    return below + (below % 2 if value == half else int(value > half))
