"""Decimal arithmetic for everything that is money: steps, rounding, text."""

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Context, Decimal, InvalidOperation, localcontext

from trading.errors import BadData

CONTEXT = Context(prec=50, rounding=ROUND_HALF_EVEN)
#: Digits before or after the point.
MOST_DIGITS = 40
ZERO = Decimal(0)
ONE = Decimal(1)


def decimal(value: object) -> Decimal:
    """Return `value` (text, int or Decimal) as a finite Decimal; a float is refused, BadData otherwise.

    What no market deals in is refused too: beyond MOST_DIGITS places on either side arithmetic is not exact any more.
    """
    if isinstance(value, bool | float):
        raise BadData(f"money is never a {type(value).__name__}: {value!r}")
    try:
        number = Decimal(str(value))
    except (InvalidOperation, ValueError):
        raise BadData(f"not a number: {str(value)[:50]!r}") from None
    if not number.is_finite():
        raise BadData(f"not a finite number: {value!r}")
    if number and not -MOST_DIGITS <= number.adjusted() <= MOST_DIGITS:
        raise BadData(f"not an amount: {number:.3e}")
    return number


def floor_to(value: Decimal, step: Decimal) -> Decimal:
    """Return `value` rounded towards zero to a whole number of `step`s."""
    return _round(value, step, ROUND_DOWN)


def round_to(value: Decimal, step: Decimal) -> Decimal:
    """Return `value` rounded to the nearest whole number of `step`s, halves to even."""
    return _round(value, step, ROUND_HALF_EVEN)


def _round(value: Decimal, step: Decimal, rounding: str) -> Decimal:
    if step <= 0:
        raise BadData(f"a step must be positive: {step}")
    with localcontext(CONTEXT):
        return (value / step).to_integral_value(rounding=rounding) * step


def multiply(left: Decimal, right: Decimal) -> Decimal:
    """Return the exact product (50 digits)."""
    return CONTEXT.multiply(left, right)


def divide(left: Decimal, right: Decimal) -> Decimal:
    """Return the quotient to 50 digits."""
    return CONTEXT.divide(left, right)


def text(value: Decimal) -> str:
    """Return plain decimal text without exponent and without trailing zeros: `0.1`, never `1E-1` or `-0`."""
    if value == 0:
        return "0"
    plain = format(value, "f")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain
