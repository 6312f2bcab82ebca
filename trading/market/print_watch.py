"""The prints of one stream against each other: one far from the others is held to be an error until others follow."""

from collections import deque
from decimal import Decimal
from statistics import median

#: So many prints make an opinion, and so many remember; a new price is believed when half of them say it.
FEWEST, REMEMBERED = 5, 21
#: How long a spike speaks against a symbol after its last print, in monotonic seconds.
HELD_SECONDS = 60.0


class PrintWatch:
    """Remembers the newest prices of one symbol; `limit` is the largest step that is believed, as a fraction."""

    def __init__(self, limit: float) -> None:
        self._limit = Decimal(str(limit))
        self._prices: deque[Decimal] = deque(maxlen=REMEMBERED)
        self._spike: tuple[float, str] | None = None

    def take(self, price: Decimal, now: float) -> None:
        """Take in the price of one print at the monotonic second `now`."""
        if len(self._prices) >= FEWEST:
            middle = median(self._prices)
            if abs(price / middle - 1) > self._limit:
                self._spike = now, f"a print at {price}, the ones before at {middle}"
        self._prices.append(price)

    def wrong(self, now: float) -> dict[str, str]:
        """Return what is wrong by check at the monotonic second `now`."""
        if self._spike is None or now - self._spike[0] >= HELD_SECONDS:
            return {}
        return {"spike": self._spike[1]}
