"""A waterfall as geometry: parts one below the other, each where the ones before it end, and their sum at the foot."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

_ROW, _BAR, _TOP = 30.0, 18.0, 6.0
#: Room for the names on the left and the amounts on the right.
_LEFT, _RIGHT = 92.0, 96.0
#: The thinnest bar that can be seen.
_THINNEST = 1.5


@dataclass(frozen=True)
class Step:
    """One bar (px) with its name and exact amount; `tone` is up, down or flat; `until` is where it ends."""

    name: str
    value: str
    x: float
    y: float
    width: float
    height: float
    tone: str
    until: float


@dataclass(frozen=True)
class Waterfall:
    """The drawn steps, the last one their sum. All lengths in px of the SVG's own coordinates."""

    width: float
    height: float
    zero: float
    row: float
    steps: Sequence[Step]


def waterfall(parts: Sequence[tuple[str, str]], total: str, *, width: float = 460.0) -> Waterfall:
    """Return the steps of `parts`, (name, amount as decimal text) each, and of their `total`."""
    ends = [Decimal(0)]
    for _, value in parts:
        ends.append(ends[-1] + Decimal(value))
    low, high = min(ends), max(ends)
    scale = (width - _LEFT - _RIGHT) / float(high - low or 1)

    def at(value: Decimal) -> float:
        return round(_LEFT + float(value - low) * scale, 1)

    steps = [
        _step(name, value, place, at(before), at(after))
        for place, ((name, value), before, after) in enumerate(zip(parts, ends[:-1], ends[1:], strict=True))
    ]
    steps.append(_step("profit", total, len(parts), at(Decimal(0)), at(ends[-1])))
    return Waterfall(width, 2 * _TOP + len(steps) * _ROW, at(Decimal(0)), _ROW, steps)


def _step(name: str, value: str, place: int, begin: float, end: float) -> Step:
    amount = Decimal(value)
    tone = "up" if amount > 0 else "down" if amount < 0 else "flat"
    wide = max(abs(end - begin), _THINNEST)
    return Step(name, value, min(begin, end), _TOP + place * _ROW + (_ROW - _BAR) / 2, round(wide, 1), _BAR, tone, end)
