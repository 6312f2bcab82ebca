"""Charts as geometry: points in time become paths, ticks and marks that a template draws as SVG."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

_NICE = (1.0, 2.0, 2.5, 5.0, 10.0)
_STEPS = tuple(
    timedelta(minutes=minutes)
    for minutes in (1, 2, 5, 10, 15, 30, 60, 120, 180, 240, 360, 720, 1440, 2880, 7200, 10080, 20160)
)
#: What is longer is divided by the calendar.
_MONTHS = (1, 2, 3, 6, 12, 24, 60, 120)
#: The sign that is as wide as a digit.
_MINUS = "\u2212"
_LEFT, _RIGHT, _TOP, _BOTTOM = 8.0, 74.0, 14.0, 22.0


@dataclass(frozen=True)
class Tick:
    """A line of the grid at `at` (px) with its label."""

    at: float
    label: str


@dataclass(frozen=True)
class Mark:
    """Something that happened: a point of the chart, `up` for a purchase, with the words for its tooltip."""

    x: float
    y: float
    up: bool
    words: str


@dataclass(frozen=True)
class Chart:
    """One drawn line, with a second one `against` it where there is one. Lengths in px of the SVG's own coordinates."""

    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float
    line: str
    area: str
    last: tuple[float, float]
    baseline: float | None
    x_ticks: Sequence[Tick]
    y_ticks: Sequence[Tick]
    marks: Sequence[Mark] = field(default=())
    against: str = ""


Point = tuple[datetime, float]


def draw(
    points: Sequence[Point],
    *,
    width: float = 720.0,
    height: float = 220.0,
    baseline: float | None = None,
    percent: bool = False,
    marks: Sequence[tuple[datetime, float, bool, str]] = (),
    against: Sequence[Point] = (),
) -> Chart | None:
    """Return the chart of `points` in ascending time; None for fewer than two, which make no line.

    `baseline` is a value that stays in view and to which the area is filled; `percent` labels fractions as per cent.
    `marks` are (time, value, whether it is a purchase, words). `against` is a second line within the same times.
    """
    if len(points) < 2 or points[0][0] == points[-1][0]:
        return None
    values = [value for _, value in (*points, *against)] + [value for _, value, _, _ in marks]
    low, high, step = _scale([*values, *([] if baseline is None else [baseline])], most=max(3, int(height // 45)))
    begin, end = points[0][0], points[-1][0]
    frame = _Frame(width, height, begin, end, low, high)
    line = frame.path(points)
    foot = frame.y(low if baseline is None else baseline)
    return Chart(
        width,
        height,
        _LEFT,
        frame.right,
        _TOP,
        frame.bottom,
        line,
        f"{line}L{frame.right:.1f},{foot:.1f}L{_LEFT:.1f},{foot:.1f}Z",
        (frame.x(end), frame.y(points[-1][1])),
        None if baseline is None else foot,
        [Tick(frame.x(time), label) for time, label in _times(begin, end, most=int(width // 110))],
        [Tick(frame.y(value), label) for value, label in _labels(low, high, step, percent=percent)],
        [Mark(frame.x(time), frame.y(value), up, words) for time, value, up, words in marks],
        frame.path(against) if against else "",
    )


@dataclass(frozen=True)
class _Frame:
    """Where times and values lie on the drawing."""

    width: float
    height: float
    begin: datetime
    end: datetime
    low: float
    high: float

    @property
    def right(self) -> float:
        return self.width - _RIGHT

    @property
    def bottom(self) -> float:
        return self.height - _BOTTOM

    def x(self, time: datetime) -> float:
        return round(_LEFT + (self.right - _LEFT) * ((time - self.begin) / (self.end - self.begin)), 1)

    def y(self, value: float) -> float:
        return round(self.bottom - (self.bottom - _TOP) * ((value - self.low) / (self.high - self.low)), 1)

    def path(self, points: Sequence[Point]) -> str:
        return "M" + "L".join(f"{self.x(time):.1f},{self.y(value):.1f}" for time, value in points)


def _scale(values: Sequence[float], most: int) -> tuple[float, float, float]:
    """Return (low, high, step) around `values` on round numbers, with at most about `most` steps."""
    low, high = min(values), max(values)
    if high - low <= abs(high) * 1e-9:
        pad = abs(high) * 0.005 or 1.0
        low, high = low - pad, high + pad
    rough = (high - low) / most
    magnitude = 10.0 ** math.floor(math.log10(rough))
    step = next(nice * magnitude for nice in _NICE if nice * magnitude >= rough * 0.999)
    return math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step, step


def _labels(low: float, high: float, step: float, *, percent: bool) -> list[tuple[float, str]]:
    # Hundreds of millions would not fit beside the chart.
    unit, sign = (0.01, "%") if percent else (1e6, "M") if max(-low, high) >= 1e8 else (1.0, "")
    shown = step / unit
    decimals = max(0, -math.floor(math.log10(shown) + 1e-9))
    if not math.isclose(shown * 10**decimals, round(shown * 10**decimals), rel_tol=1e-6):
        decimals += 1
    found: list[tuple[float, str]] = []
    for number in range(round((high - low) / step) + 1):
        value = low + number * step
        text = f"{value / unit:,.{decimals}f}{sign}"
        # A zero that arithmetic missed by a hair is a zero.
        zero = abs(value) < step * 1e-6
        found.append((value, text.lstrip("-") if zero else text.replace("-", _MINUS)))
    return found


def _times(begin: datetime, end: datetime, most: int) -> list[tuple[datetime, str]]:
    step = next((step for step in _STEPS if (end - begin) / step <= most), None)
    if step is None:
        return _months(begin, end, most)
    origin = datetime(1970, 1, 1, tzinfo=UTC)
    time = origin + math.ceil((begin - origin) / step) * step
    found: list[tuple[datetime, str]] = []
    while time <= end:
        midnight = (time.hour, time.minute) == (0, 0)
        found.append((time, f"{time:%b} {time.day}" if midnight else f"{time:%H:%M}"))
        time += step
    return found


def _months(begin: datetime, end: datetime, most: int) -> list[tuple[datetime, str]]:
    """Return the first days of months or of years."""
    first, last = (time.year * 12 + time.month - 1 for time in (begin, end))
    step = next((step for step in _MONTHS if (last - first) / step <= most), _MONTHS[-1])
    firsts = [datetime(number // 12, number % 12 + 1, 1, tzinfo=UTC) for number in range(first, last + 1)]
    return [
        (time, f"{time:%Y}" if step % 12 == 0 else f"{time:%b %Y}")
        for time in firsts
        if time >= begin and (time.year * 12 + time.month - 1) % step == 0
    ]
