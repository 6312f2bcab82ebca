"""Dollar cost average: buy a fixed share of the equity at fixed times, more after a fall, and keep it.

A signal is desired state, so between its times it desires what it holds. What it desires is sized afterwards: scaled
down to the volatility target of the limits, and traded only where that changes the holding by at least `min_rebalance`
of the equity (5 %). Therefore it
- asks for its exposure divided by that scale, which it computes from `target_volatility`: it must be that of the
  limits, or it buys too much or sells what it should keep;
- buys at least 8 % at a time: smaller shares would not be traded, or taken for a remainder after a small fall.

It cannot hold more than the volatility target, the position limit or the drawdown guard allow: they sell what is too
much. A time whose bar is missing, or whose purchase was refused, is not made up for. The price paid is not in the row:
profit is measured from a moving mean.
"""

from typing import Literal

from pydantic import Field, model_validator

from trading.strategies.strategy import (
    Desire,
    Parameters,
    Row,
    TargetVolatility,
    before_sizing,
    flat,
    number,
    quantize,
    stop_distance,
)

_LEAST_SHARE = 0.08


class DollarCostAverage(Parameters):
    """Parameters of dollar_cost_average. Shares are fractions of the sub-account's equity: 0.1 is a tenth."""

    every_hours: int = Field(24, ge=1, le=8784, description="hours from one purchase to the next; 168 is a week")
    offset_hours: int = Field(
        0,
        ge=0,
        le=8783,
        description="hours by which the times lie after multiples of every_hours since Thursday 1970-01-01 00:00 UTC",
    )
    target_volatility: TargetVolatility = 0.02
    share: float = Field(
        0.1, ge=_LEAST_SHARE, le=1, description="share of the equity bought each time, as a fraction: 0.1 is a tenth"
    )
    max_exposure: float = Field(
        0.9, gt=0, le=1, description="share of the equity, as a fraction, beyond which it buys no more"
    )
    mean: Literal["ema_gap_12", "ema_gap_48", "ema_gap_12_x4", "ema_gap_12_x24"] = Field(
        "ema_gap_12_x24", description="the feature that measures fall and take_profit: gap to a moving mean in ATR(14)"
    )
    fall: float = Field(
        0.0, ge=0, le=20, description="buy more when the close lies at least this many ATR below the mean; 0 for never"
    )
    fall_factor: float = Field(2.0, ge=1, le=10, description="how many shares it buys then")
    take_profit: float = Field(
        0.0, ge=0, le=20, description="sell all when the close lies at least this many ATR above the mean; 0 for never"
    )
    stop_multiple: float = Field(
        0.0, ge=0, le=100, description="distance of the stop in standard deviations of one bar's return; 0 for no stop"
    )

    @model_validator(mode="after")
    def _consistent(self) -> "DollarCostAverage":
        if self.offset_hours >= self.every_hours:
            raise ValueError(f"offset_hours {self.offset_hours} must be below every_hours {self.every_hours}")
        if self.share > self.max_exposure:
            raise ValueError(f"share {self.share} is above max_exposure {self.max_exposure}")
        return self

    @property
    def needs_mean(self) -> bool:
        """Whether anything is measured from the moving mean."""
        return self.fall > 0 or self.take_profit > 0


#: What `tune` searches unless it is told, as its --param has it.
SEARCH = {
    "every_hours": "4:168",
    "mean": "ema_gap_12,ema_gap_48,ema_gap_12_x4,ema_gap_12_x24",
    "fall": "0:4",
    "fall_factor": "1:4",
    "take_profit": "0:6",
}


def columns(parameters: DollarCostAverage) -> tuple[str, ...]:
    """Return the columns of the row that it reads."""
    mean = (parameters.mean,) if parameters.needs_mean else ()
    return ("closed_at", "bar_seconds", "held_exposure", "volatility_24", *mean)


def desire(row: Row, parameters: DollarCostAverage) -> Desire:
    """Return what is held, and at its times a share more, as an exposure that sizing turns into just that; long only.

    Bars longer than `every_hours` buy one share each.
    """
    closed_at, length, held = (number(row, name) for name in ("closed_at", "bar_seconds", "held_exposure"))
    volatility = number(row, "volatility_24")
    gap = number(row, parameters.mean) if parameters.needs_mean else 0.0
    if closed_at is None or length is None or length <= 0 or held is None:
        return flat("time or holding not known")
    if volatility is None or volatility <= 0:
        return flat("no volatility")
    if gap is None:
        return flat("no mean")
    if 0 < parameters.take_profit <= gap:
        return flat("far above its mean")
    wanted, reason = _wanted(held, gap, due=_due(closed_at, length, parameters), parameters=parameters)
    if wanted <= 0:
        return flat(reason)
    stop = stop_distance(parameters.stop_multiple, volatility)
    return Desire(quantize(before_sizing(wanted, volatility, length, parameters.target_volatility)), stop, reason)


def _due(closed_at: float, length: float, parameters: DollarCostAverage) -> bool:
    """Whether the bar is the first that closes at or after one of its times."""
    since = (closed_at - parameters.offset_hours * 3600) % (parameters.every_hours * 3600)
    return since < length


def _wanted(held: float, gap: float, *, due: bool, parameters: DollarCostAverage) -> tuple[float, str]:
    """Return the share of the equity to hold after this bar, and why."""
    room = parameters.max_exposure - held
    if not due:
        return held, "holds until its time" if held > 0 else "not its time yet"
    if room < _LEAST_SHARE:
        return held, "holds its largest exposure"
    if 0 < parameters.fall <= -gap:
        return held + min(parameters.share * parameters.fall_factor, room), "its time, after a fall"
    return held + min(parameters.share, room), "its time"
