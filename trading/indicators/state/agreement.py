"""Stored features against the same bar by bar: what is missing, and what differs by more than rounding."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from trading.candle import TS, Candle
from trading.indicators.state.technical import advance, begin
from trading.indicators.technical import STORED
from trading.timeframe import Timeframe

#: What is told by whole numbers, or by one operation: equal to the last digit.
EXACT = (
    "return_1", "return_4", "return_24", "aroon_25", "donchian_24", "body", "upper_wick", "lower_wick", "return_1_x4",
    "return_6_x4", "donchian_12_x4", "return_1_x24", "return_6_x24", "donchian_12_x24",
)  # fmt: skip
#: polars moves its windows on by adding and taking away: what rounding leaves there grows with the history, while a
#: state sums each window anew. It is seen through a divisor that may be small: a range, a path, a deviation of returns;
_MAGNIFIED = (
    "ema_gap_12", "ema_gap_48", "macd_histogram", "efficiency_24", "return_z_24", "volume_z_24", "volume_z_96",
    "parkinson_24", "ema_gap_12_x4", "ema_gap_12_x24",
)  # fmt: skip
#: or one that may be dust itself: the deviation of prices that hardly move, the volume of bars that hardly trade.
_DUSTY = (
    "close_z_24", "close_z_72", "bollinger_b_20", "volume_balance_24", "money_flow_20", "close_z_12_x4",
    "volume_balance_12_x4", "close_z_12_x24", "volume_balance_12_x24", "dickey_fuller_168", "half_life_168",
)  # fmt: skip
_HALF_LIFE = "half_life_168"
#: How far a feature may be off, of the value, or of 1 where that is more.
TOLERANCES = {
    **dict.fromkeys(STORED, 1e-12),
    **dict.fromkeys(_MAGNIFIED, 1e-10),
    **dict.fromkeys(_DUSTY, 1e-8),
    **dict.fromkeys(EXACT, 0.0),
}

#: What differs: `feature` is null where a whole row is on one side alone, a value where it is not defined; `off` is how
#: far the two lie apart, as a share of the recomputed value or of 1, whichever is more.
DIFFERENCES = pl.Schema(
    {
        "symbol": pl.String, "ts": TS, "feature": pl.String,
        "stored": pl.Float64, "recomputed": pl.Float64, "off": pl.Float64,
    }
)  # fmt: skip

_KEY = ("symbol", "ts")
#: So many bars are compared at a time: their rows are the only ones that are held twice.
_STRETCH = 5_000


@dataclass(frozen=True)
class Agreement:
    """How many rows were compared, how far numbers are off at most, and DIFFERENCES by symbol, ts and feature."""

    rows: int
    largest: float
    differences: pl.DataFrame


def agreement(panel: pl.DataFrame, stored: pl.DataFrame, timeframe: Timeframe) -> Agreement:
    """Return how the `stored` rows (symbol, ts, STORED) agree with those that the states tell of `panel`.

    Both are sorted by symbol, ts; panel is the whole history of its symbols. Null agrees with null alone.

    Raises:
        BadData: a bar is not sound, as trading.indicators.state.technical.advance has it.
    """
    alone = [_alone(panel, stored), _alone(stored, panel)]
    rows, largest, found = 0, 0.0, [pl.DataFrame(schema=DIFFERENCES), *alone]
    for told in walked(panel, timeframe):
        both = told.join(stored, on=_KEY, suffix="|stored")
        off = both.select(*_KEY, *(_off(name).alias(name) for name in STORED))
        rows += both.height
        finite = pl.when(pl.col(STORED).is_finite()).then(pl.col(STORED)).max()
        largest = max(largest, off.select(pl.max_horizontal(finite)).item() or 0.0)
        found.append(_differences(both, off))
    return Agreement(rows, largest, pl.concat(found).sort("symbol", "ts", "feature"))


def walked(panel: pl.DataFrame, timeframe: Timeframe) -> Iterator[pl.DataFrame]:
    """Yield symbol, ts, STORED of `panel` bar by bar, a stretch of one symbol at a time."""
    for bars in panel.partition_by("symbol", maintain_order=True):
        state = begin(timeframe)
        for stretch in bars.iter_slices(_STRETCH):
            told = list[dict[str, float | None]]()
            for row in stretch.select("ts", "open", "high", "low", "close", "volume").iter_rows():
                state, features = advance(state, Candle(*row))
                told.append(features)
            yield stretch.select(_KEY).hstack(pl.DataFrame(told, schema=dict.fromkeys(STORED, pl.Float64)))


def _off(name: str) -> pl.Expr:
    """Return how far the values lie apart: null where both are, infinite where one is or is no number."""
    told, stored = bounded(name), bounded(name, "|stored")
    apart = (told - stored).abs() / pl.max_horizontal(told.abs(), pl.lit(1.0))
    one_alone = told.is_null() != stored.is_null()
    return pl.when(one_alone | apart.is_nan()).then(float("inf")).otherwise(apart)


def bounded(name: str, suffix: str = "") -> pl.Expr:
    """Return a feature as it is compared: a half-life, which has no end, as what a bar leaves of a distance."""
    value = pl.col(name + suffix)
    return (-math.log(2) / value).exp() if name == _HALF_LIFE else value


def _differences(both: pl.DataFrame, off: pl.DataFrame) -> pl.DataFrame:
    parts = [
        both.select(
            *_KEY,
            feature=pl.lit(name),
            stored=pl.col(f"{name}|stored"),
            recomputed=pl.col(name),
            off=off[name],
        ).filter(pl.col("off") > TOLERANCES[name])
        for name in STORED
        if (off[name] > TOLERANCES[name]).any()
    ]
    return pl.concat([pl.DataFrame(schema=DIFFERENCES), *parts])


def _alone(rows: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    """Return the rows whose bar `others` do not have, as differences."""
    missing = {"feature": pl.String, "stored": pl.Float64, "recomputed": pl.Float64}
    nothing = [pl.lit(None, dtype=kind).alias(name) for name, kind in missing.items()]
    return rows.join(others, on=_KEY, how="anti").select(*_KEY, *nothing, off=pl.lit(float("inf")))
