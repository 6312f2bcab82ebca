"""Volume profiles: at which prices a day was traded, with its point of control and its value area.

Bars say how much was traded between their low and their high and not where: the volume of a bar is spread evenly over
the price bins that it touches. Source of the value area rule: Steidlmayer's market profile.
"""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from trading.candle import TS
from trading.timeframe import Timeframe

#: The range of a session is cut into so many price bins of equal width.
BINS = 50
#: The value area holds at least so much of the volume.
VALUE_AREA = 0.7
_DAY = 86400

PROFILES = pl.Schema(
    {
        "symbol": pl.String,
        "ts": TS,
        "closed_at": TS,
        "poc": pl.Float64,
        "value_low": pl.Float64,
        "value_high": pl.Float64,
        "volume": pl.Float64,
        "bars": pl.Int32,
    }
)


def volume_profiles(panel: pl.DataFrame, timeframe: Timeframe) -> pl.DataFrame:
    """Return one row per symbol and UTC day of `panel` (sorted by symbol, ts) that has ended and traded something.

    `ts` is the start of the day and `closed_at` its end, when the row is knowable. `poc` is the middle of the bin with
    the most volume (the lowest of equal ones); the value area grows from it to the fuller neighbour (upwards where
    equal) until it holds VALUE_AREA of the volume. Prices in quote currency, `volume` in base currency. `bars` counts
    the bars there were. Bars that are no part of a day (longer than one, or across midnight) have no profile.
    """
    if _DAY % timeframe.seconds:
        return PROFILES.to_frame()
    days = panel.with_columns(
        day=pl.col("ts").dt.truncate("1d"), reached=pl.col("ts").max().over("symbol") + timeframe.delta
    ).filter(pl.col("day") + pl.duration(days=1) <= pl.col("reached"))
    rows = [_profile(bars) for bars in days.partition_by("symbol", "day", maintain_order=True)]
    return pl.DataFrame([row for row in rows if row], schema=PROFILES, orient="row")


def histogram(low: NDArray[np.float64], high: NDArray[np.float64], volume: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the volume in each of BINS bins of equal width from the lowest low to the highest high, in base currency.

    A bar touches the bins of its low and of its high and all between; a price on the edge of two is in the upper one.
    All volume is in the first bin where the range is nothing.
    """
    bottom, width = low.min(), (high.max() - low.min()) / BINS
    if not width > 0:
        return _added(np.zeros(len(volume), dtype=np.intp), volume)
    first = np.minimum((low - bottom) // width, BINS - 1).astype(np.intp)
    last = np.minimum((high - bottom) // width, BINS - 1).astype(np.intp)
    touched = last - first + 1
    starts = np.repeat(first - np.cumsum(touched) + touched, touched)
    return _added(starts + np.arange(len(starts)), np.repeat(volume / touched, touched))


def _added(places: NDArray[np.intp], parts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sum of `parts` per bin, added in their order: the same bars give the same last digit."""
    return np.bincount(places, parts, BINS).astype(np.float64)


def value_area(volumes: NDArray[np.float64]) -> tuple[int, int, int]:
    """Return the bin of the point of control, and the first and the last bin of the value area."""
    poc = int(volumes.argmax())
    first = last = poc
    held, wanted = float(volumes[poc]), VALUE_AREA * float(volumes.sum())
    while held < wanted and (first > 0 or last < len(volumes) - 1):
        above = float(volumes[last + 1]) if last < len(volumes) - 1 else -1.0
        below = float(volumes[first - 1]) if first > 0 else -1.0
        if above >= below:
            last += 1
        else:
            first -= 1
        held += max(above, below)
    return poc, first, last


def _profile(bars: pl.DataFrame) -> tuple[object, ...] | None:
    low, high, volume = (bars[name].to_numpy() for name in ("low", "high", "volume"))
    if not volume.sum() > 0:
        return None
    poc, first, last = value_area(histogram(low, high, volume))
    bottom, width = float(low.min()), float(high.max() - low.min()) / BINS
    day = bars.item(0, "day")
    prices = (bottom + (poc + 0.5) * width, bottom + first * width, bottom + (last + 1) * width)
    closed_at = bars.select(pl.col("day").first() + pl.duration(days=1)).item()
    return (bars.item(0, "symbol"), day, closed_at, *prices, float(volume.sum()), bars.height)
