"""What forecasts of the return would have earned by one declared rule, after fees, beside who just buys and holds.

The rule: long from the close at which the forecast of the next bars exceeds the fees of a round trip, until the close
at which it is 0 or below. Each way pays its fee. The symbols that have a bar weigh alike; bringing them back to equal
weights is free, for the holder too.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models.bands import Band, band, daily

Array = NDArray[np.float64]

HOLD = "hold"
_DAYS = 365.0


@dataclass(frozen=True)
class Earned:
    """What a rule earned after fees: `yearly` log growth and `sharpe` a year of its days, each with its band.

    `more` is the yearly log growth beyond that of holding, by the same days; `trades` counts changes of the position,
    `exposure` is the share of bars with one.
    """

    yearly: Band
    sharpe: Band
    more: Band
    trades: int
    exposure: float


def positions(forecasts: pl.DataFrame, column: str, fee: float) -> pl.DataFrame:
    """Return symbol, ts and `held` (1 or 0): what the rule holds from the close of each bar on.

    `forecasts` has symbol, ts and `column`, log returns; `fee` is that of one way, as a fraction.
    """
    told = pl.when(pl.col(column) > 2 * fee).then(1.0).when(pl.col(column) <= 0).then(0.0)
    ordered = forecasts.sort("symbol", "ts")
    return ordered.select("symbol", "ts", held=told.forward_fill().over("symbol").fill_null(0.0))


def returns(held: pl.DataFrame, panel: pl.DataFrame, fee: float) -> pl.DataFrame:
    """Return ts, `earned` (log return of equal parts in all symbols, after fees) and `trades`, by bar.

    `held` is symbol, ts, held; the move of a bar is that of its close since the symbol's bar before, and belongs to
    what was held at that one. It begins flat; what is held at the end is sold.
    """
    rows = held.join(panel.select("symbol", "ts", "close"), on=["symbol", "ts"], how="inner").sort("symbol", "ts")
    before = pl.col("held").shift(1, fill_value=0.0).over("symbol")
    last = pl.col("ts") == pl.col("ts").max().over("symbol")
    change = (pl.col("held") - before).abs() + pl.when(last).then(pl.col("held")).otherwise(0.0)
    move = (pl.col("close") / pl.col("close").shift(1).over("symbol") - 1).fill_null(0.0)
    each = rows.select("ts", earned=before * move - change * fee, trades=change, held="held")
    whole = each.group_by("ts").agg(pl.col("earned").mean(), pl.col("trades").sum(), pl.col("held").mean()).sort("ts")
    return whole.with_columns(earned=pl.col("earned").clip(lower_bound=-0.99).log1p())


def earned(mine: pl.DataFrame, holding: pl.DataFrame, paths: int, seed: int) -> Earned:
    """Return what the bars of `mine` (of `returns`) came to, beside those of `holding`."""
    both = mine.join(holding.select("ts", hold="earned"), on="ts", how="inner").sort("ts")
    days = daily(both, ["earned", "hold"])
    own, hold = days[:, 0], days[:, 1]
    count = float(len(own))
    powers = np.column_stack([own, own**2])
    return Earned(
        band(own[:, None], lambda s: s[:, 0] / count * _DAYS, paths, seed),
        band(powers, lambda s: _sharpe(s, count), paths, seed),
        band((own - hold)[:, None], lambda s: s[:, 0] / count * _DAYS, paths, seed),
        int(mine["trades"].sum()),
        float(mine.select(pl.col("held").mean()).item()),
    )


def _sharpe(sums: Array, count: float) -> Array:
    mean = sums[:, 0] / count
    spread = np.sqrt(np.maximum(sums[:, 1] / count - mean**2, 0.0))
    # The rounding of a difference of squares is no spread.
    told = spread > 1e-12
    return np.where(told, mean / np.where(told, spread, 1.0) * np.sqrt(_DAYS), 0.0)
