"""The last bars of a symbol with what every feature asks of them: the window that a state carries."""

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from trading.candle import Candle

Array = NDArray[np.float64]
#: What is carried from bar to bar besides the window, by name.
Carried = dict[str, float]

COLUMNS = (
    "open", "high", "low", "close", "volume", "log_close", "return_1", "true_range", "typical", "log_volume",
    "signed_volume", "placed_volume", "squared_range",
)  # fmt: skip
_PLACE = {name: place for place, name in enumerate(COLUMNS)}

#: The longest window of a feature (half_life_168) and the bar before it.
LENGTH = 169


class Window:
    """The last bars, newest last: a row of COLUMNS each; `count` is how many bars there have been."""

    __slots__ = ("count", "rows")

    def __init__(self, count: int, rows: Array) -> None:
        self.count = count
        self.rows = rows

    def last(self, name: str, bars: int) -> Array:
        """Return the column `name` of the last `bars` bars, oldest first; fewer where there have been fewer."""
        return self.rows[_PLACE[name], -bars:]

    def at(self, name: str, back: int = 0) -> float:
        """Return the column `name` of the bar that lies `back` before the newest; NaN where there is none."""
        return float(self.rows[_PLACE[name], -1 - back]) if back < self.rows.shape[1] else math.nan

    def with_bar(self, bar: Candle) -> "Window":
        """Return the window with `bar` as the newest; this one stays as it is."""
        row = _row(bar, self.at("close"))
        fresh = np.array([[row[name]] for name in COLUMNS])
        return Window(self.count + 1, np.concatenate([self.rows[:, 1 - LENGTH :], fresh], axis=1))


def empty() -> Window:
    """Return the window before the first bar."""
    return Window(0, np.empty((len(COLUMNS), 0)))


def _row(bar: Candle, before: float) -> Mapping[str, float]:
    """Return COLUMNS of a bar; `before` is the close of the one before it, NaN for the first."""
    spread = bar.high - bar.low
    change = bar.close - before
    sign = math.nan if math.isnan(change) else float((change > 0) - (change < 0))
    place = (2 * bar.close - bar.high - bar.low) / spread if bar.high > bar.low else 0.0
    ranges = (spread, abs(before - bar.high), abs(before - bar.low))
    return {
        "open": bar.open,
        "high": bar.high,
        "low": bar.low,
        "close": bar.close,
        "volume": bar.volume,
        "log_close": math.log(bar.close),
        "return_1": math.log(bar.close / before) if not math.isnan(before) else math.nan,
        "true_range": math.nan if math.isnan(before) else max(ranges),
        "typical": (bar.high + bar.low + bar.close) / 3.0,
        "log_volume": math.log1p(bar.volume),
        "signed_volume": bar.volume * sign,
        "placed_volume": bar.volume * place,
        "squared_range": math.log(bar.high / bar.low) ** 2,
    }


def in_order(values: Array) -> float:
    """Return the sum of `values` added up one by one, as TA-Lib does; numpy's own sum takes pairs."""
    return float(np.add.accumulate(values)[-1])
