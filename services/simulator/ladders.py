"""What the depth streams have told of each ladder: a change says what is new, what is gone, and what it follows."""

from typing import Any

_SIDES = {"b": "bids", "a": "asks"}

Json = dict[str, Any]


class Ladders:
    """The ladder last told of each instrument, and the number of that telling: one number a millisecond, or more."""

    def __init__(self) -> None:
        self._told: dict[str, tuple[int, Json]] = {}

    def forget(self) -> None:
        """Begin anew: nobody has listened for a while."""
        self._told.clear()

    def begin(self, name: str, ladder: Json) -> None:
        """Take the present `ladder` of `name` as what listeners start from, unless one was told already."""
        self._told.setdefault(name, (ladder["lastUpdateId"], ladder))

    def change(self, name: str, ladder: Json) -> Json | None:
        """Return what turns the ladder last told into `ladder`, as U, u, b and a; None when nothing has changed."""
        last, before = self._told.get(name, (ladder["lastUpdateId"] - 1, {"bids": [], "asks": []}))
        sides = {short: _changes(before[side], ladder[side]) for short, side in _SIDES.items()}
        if not any(sides.values()):
            return None
        number = max(ladder["lastUpdateId"], last + 1)
        self._told[name] = number, ladder
        return {"U": last + 1, "u": number, **sides}


def _changes(before: list[list[str]], now: list[list[str]]) -> list[list[str]]:
    """Return the levels that are new or have another quantity, best first, then those that are gone, with zero."""
    had, has = dict(before), dict(now)  # pyright: ignore[reportArgumentType] - each row is a pair
    new = [[price, quantity] for price, quantity in has.items() if had.get(price) != quantity]
    return new + [[price, "0.00000000"] for price in had if price not in has]
