"""The numbers of book levels: the venue's text, checked, and the floats that order prices.

A float orders decimal texts without confusing two of them as long as they have at most 15 significant digits; a price
with more is refused. Quantities are only compared with zero and may have more.
"""

import re
from collections.abc import Sequence

from trading.errors import BadData

MOST_PRICE_DIGITS = 15
MOST_QUANTITY_DIGITS = 40

_NUMBER = re.compile(r"[0-9]{1,24}(?:\.[0-9]{0,24})?(?:[eE][+-]?[0-9]{1,2})?")
_PLAIN = re.compile(r"(?:[0-9]{1,24}+(?:\.[0-9]{1,24}+)?+,)*+")
_MOST_KNOWN = 50_000


class Prices(dict[str, float]):
    """A table from price text to its float that fills itself, for the same prices come again and again.

    Looking up what is no price raises BadData.
    """

    def __missing__(self, text: str) -> float:
        """Check `text` and remember its float; all are forgotten when they have become too many."""
        require_number(text, MOST_PRICE_DIGITS)
        price = float(text)
        if not price:
            raise BadData("a price of zero")
        if len(self) >= _MOST_KNOWN:
            self.clear()
        self[text] = price
        return price


def present(texts: Sequence[str]) -> Sequence[object]:
    """Return for each quantity text something that is true where the quantity is above zero.

    Raises:
        BadData: one is no plain non-negative number.
    """
    together = ",".join(texts) + ","
    if _PLAIN.fullmatch(together) and together.count(",") == len(texts):
        return [text.strip("0.") for text in texts]
    for text in texts:
        require_number(text, MOST_QUANTITY_DIGITS)
    return [float(text) for text in texts]


def require_number(text: object, digits: int) -> None:
    """Return when `text` is the text of a plain non-negative number of at most so many digits; BadData otherwise."""
    if not isinstance(text, str) or _NUMBER.fullmatch(text) is None:
        raise BadData(f"not a number: {str(text)[:50]!r}")
    if len(text) > digits and significant_digits(text) > digits:
        raise BadData(f"more than {digits} significant digits: {text[:60]}")


def significant_digits(text: str) -> int:
    """Return how many digits of a plain number text count."""
    mantissa = re.split("[eE]", text, maxsplit=1)[0]
    if "." in mantissa:
        mantissa = mantissa.rstrip("0")
    return len(mantissa.replace(".", "").lstrip("0"))
