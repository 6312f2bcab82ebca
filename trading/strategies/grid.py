"""Grid: units bought at falling prices and sold one step higher each, on a lattice that moves only by whole steps.

Prices lie on a fixed lattice of `spacing`; its middle is the lattice price nearest to a slow mean. One unit more is
wanted at each step below the middle, and each unit is sold one step above its price. What is held says which units
those are, so the grid is whole again after any fill or restart without a memory of its own.
"""

import math
from typing import Literal

from pydantic import Field, model_validator

from trading.order import Side
from trading.quote import MOST_QUOTES, Quote
from trading.strategies.strategy import Desire, Parameters, Row, as_held, flat, number, quote


class Grid(Parameters):
    """Parameters of grid. Shares are fractions of the sub-account's equity: 0.1 is a tenth."""

    levels: int = Field(
        6, ge=1, le=MOST_QUOTES // 2, description="units bought in all, one at each step below the middle"
    )
    spacing: float = Field(
        0.01, ge=0.001, le=0.2, description="relative distance of two steps as a fraction of price: 0.01 is 1 %"
    )
    max_exposure: float = Field(0.6, gt=0, le=1, description="share of the equity when all units are held")
    mean: Literal["ema_gap_48", "ema_gap_12"] = Field(
        "ema_gap_48", description="the feature that measures the gap of the close to the mean in the middle, in ATR(14)"
    )
    quit: float = Field(
        8.0, gt=0, le=100, description="sell all when the close lies more than this many steps below the lowest one"
    )

    @model_validator(mode="after")
    def _above_zero(self) -> "Grid":
        if self.spacing * self.levels >= 1:
            raise ValueError(f"levels {self.levels} of spacing {self.spacing} reach down to nothing")
        return self


#: What `tune` searches unless it is told, as its --param has it.
SEARCH = {"levels": "2:12", "spacing": "0.004:0.04", "mean": "ema_gap_12,ema_gap_48"}
#: Where a step more or less is still a number; no price comes near.
_LEAST, _MOST = 1e-300, 1e300


def columns(parameters: Grid) -> tuple[str, ...]:
    """Return the columns of the row that it reads."""
    return (parameters.mean, "atr_14_pct", "close")


def desire(row: Row, parameters: Grid) -> Desire:
    """Return the bids and asks of the whole lattice around the mean; those that what is held has passed have no effect.

    Where the mean is not known nothing rests and what is held stays.
    """
    gap, atr, close = (number(row, name) for name in columns(parameters))
    if gap is None or atr is None or close is None or close <= 0:
        return as_held("no mean")
    mean = close * (1 - gap * atr)
    if not _LEAST < mean < _MOST:
        return as_held("no mean")
    step = math.log1p(parameters.spacing)
    middle = round(math.log(mean) / step)
    prices = [math.exp((middle - unit) * step) for unit in range(parameters.levels + 1)]
    if close < prices[-1] * math.exp(-parameters.quit * step):
        return flat("fell out of the grid")
    return as_held("grid", _quotes(prices, parameters.max_exposure / parameters.levels))


def _quotes(prices: list[float], share: float) -> list[Quote]:
    """Return the bid of each unit at its own price and its ask at the price before, which is one step higher."""
    units = range(1, len(prices))
    bids = [quote(Side.BUY, prices[unit], unit * share) for unit in units]
    asks = [quote(Side.SELL, prices[unit - 1], (unit - 1) * share) for unit in units]
    return [*bids, *asks]
