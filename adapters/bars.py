"""A histogram as geometry: counted ranges become bars with their bounds and counts that a template draws as SVG."""

from collections.abc import Sequence
from dataclasses import dataclass

from adapters.chart import Tick

_LEFT, _RIGHT, _TOP, _BOTTOM = 8.0, 8.0, 18.0, 22.0
#: The sign that is as wide as a digit.
_MINUS = "\u2212"

#: (low, high, count): fractions, None for no bound.
Counted = tuple[float | None, float | None, int]


@dataclass(frozen=True)
class Bar:
    """One range: a rectangle (px), whether it lies above 0, its count and the words for its tooltip."""

    x: float
    y: float
    width: float
    height: float
    up: bool
    count: int
    words: str


@dataclass(frozen=True)
class Bars:
    """A drawn histogram. All lengths in px of the SVG's own coordinates."""

    width: float
    height: float
    left: float
    right: float
    bottom: float
    bars: Sequence[Bar]
    x_ticks: Sequence[Tick]


def draw_bars(ranges: Sequence[Counted], *, width: float = 720.0, height: float = 200.0) -> Bars | None:
    """Return the bars of adjoining `ranges`, whose bounds are told as per cent; None for none."""
    most = max((count for _, _, count in ranges), default=0)
    if most == 0:
        return None
    step, bottom = (width - _LEFT - _RIGHT) / len(ranges), height - _BOTTOM
    drawn = [
        Bar(
            round(_LEFT + place * step + 1, 1),
            round(bottom - (bottom - _TOP) * count / most, 1),
            round(step - 2, 1),
            round((bottom - _TOP) * count / most, 1),
            low is not None and low >= 0,
            count,
            f"{count} bars {_words(low, high)}",
        )
        for place, (low, high, count) in enumerate(ranges)
    ]
    # As many bounds as fit, 0 among them.
    every = max(1, round(70 / step))
    zero = next((place for place, (low, _, _) in enumerate(ranges) if low == 0), 0)
    ticks = [
        Tick(round(_LEFT + place * step, 1), _percent(low))
        for place, (low, _, _) in enumerate(ranges)
        if low is not None and (place - zero) % every == 0
    ]
    return Bars(width, height, _LEFT, width - _RIGHT, bottom, drawn, ticks)


def _words(low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return f"above {_percent(low)}" if low is not None else f"below {_percent(high or 0.0)}"
    return f"from {_percent(low)} to {_percent(high)}"


def _percent(fraction: float) -> str:
    text = f"{fraction * 100:.4f}".rstrip("0").rstrip(".")
    return f"{text}%".replace("-", _MINUS)
