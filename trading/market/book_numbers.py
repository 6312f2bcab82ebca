"""The numbers of book levels: the venue's text, checked once, and the float that orders it.

A float orders decimal texts without confusing two of them as long as they have at most 15 significant digits; a price
with more is refused. Quantities are only compared with zero and may have more.
"""

import re

from trading.errors import BadData

MOST_PRICE_DIGITS = 15
MOST_QUANTITY_DIGITS = 40

_NUMBER = re.compile(r"[0-9]{1,24}(?:\.([0-9]{0,24}))?(?:[eE][+-]?[0-9]{1,2})?", re.ASCII)
_MOST_KNOWN = 100_000


class Numbers(dict[str, float]):
    """A table from number text to its float that fills itself; BadData for what is no plain non-negative number."""

    def __init__(self, digits: int) -> None:
        super().__init__()
        self._digits = digits

    def __missing__(self, text: str) -> float:
        """Check `text` and remember its float; forgets all when it has seen too many."""
        require_number(text, self._digits)
        if len(self) >= _MOST_KNOWN:
            self.clear()
        number = self[text] = float(text)
        return number


def require_number(text: object, digits: int) -> None:
    """Return when `text` is the text of a plain non-negative number of at most so many digits; BadData otherwise."""
    if not isinstance(text, str) or _NUMBER.fullmatch(text) is None:
        raise BadData(f"not a number: {str(text)[:50]!r}")
    if significant_digits(text) > digits:
        raise BadData(f"more than {digits} significant digits: {text[:60]}")


def significant_digits(text: str) -> int:
    """Return how many digits of a plain number text count."""
    mantissa = re.split("[eE]", text, maxsplit=1)[0]
    if "." in mantissa:
        mantissa = mantissa.rstrip("0")
    return len(mantissa.replace(".", "").lstrip("0"))
