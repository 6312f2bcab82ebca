"""Losses side by side as geometry: one horizontal bar for each, that a template draws as SVG."""

from collections.abc import Sequence
from dataclasses import dataclass

_LABELS, _RIGHT, _ROW, _THICK, _NUMBERS = 250.0, 8.0, 22.0, 13.0, 62.0
#: The sign that is as wide as a digit.
_MINUS = "\u2212"


@dataclass(frozen=True)
class LossBar:
    """One bar: a rectangle (px), whether it is a gain, its name and its number as text."""

    y: float
    width: float
    up: bool
    name: str
    number: str


@dataclass(frozen=True)
class LossBars:
    """The drawn bars; all begin at `left`. Lengths in px of the SVG's own coordinates."""

    width: float
    height: float
    left: float
    thick: float
    bars: Sequence[LossBar]


def draw_losses(rows: Sequence[tuple[str, float]], *, width: float = 720.0) -> LossBars | None:
    """Return the bars of (name, fraction; below 0 for a loss) in their order, as long as they are large; None for none.

    A gain is drawn in the other colour, not in the other direction.
    """
    largest = max((abs(value) for _, value in rows), default=0.0)
    if largest <= 0:
        return None
    reach = width - _LABELS - _RIGHT - _NUMBERS
    bars = [
        LossBar(
            round(place * _ROW + (_ROW - _THICK) / 2, 1),
            round(max(1.0, reach * abs(value) / largest), 1),
            value > 0,
            name,
            f"{value * 100:+.2f}%".replace("-", _MINUS),
        )
        for place, (name, value) in enumerate(rows)
    ]
    return LossBars(width, _ROW * len(rows), _LABELS, _THICK, bars)
