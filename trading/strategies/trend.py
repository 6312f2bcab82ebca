"""Trend: be long while the close stays above its mean, the more the stronger the trend, until it falls back."""

from typing import Literal

from pydantic import Field, model_validator

from trading.strategies.strategy import Desire, Parameters, Row, flat, number, quantize, stop_distance


class Trend(Parameters):
    """Parameters of trend. Gaps are distances of the close from its moving mean in units of ATR(14)."""

    gap: Literal["ema_gap_12", "ema_gap_48"] = Field("ema_gap_48", description="the feature that measures the gap")
    entry: float = Field(
        1.0, ge=-20, le=20, description="buy when the close lies at least this many ATR above its mean"
    )
    exit: float = Field(
        0.0, ge=-20, le=20, description="sell when the close lies less than this many ATR above its mean"
    )
    least_strength: float = Field(
        20.0, ge=0, le=100, description="least ADX(14) for an entry, on its scale of 0 to 100"
    )
    full_strength: float = Field(
        40.0, gt=0, le=100, description="ADX(14) that earns the full exposure, on its scale of 0 to 100"
    )
    max_exposure: float = Field(
        1.0, gt=0, le=1, description="largest share of the sub-account's equity, as a fraction: 0.5 is half"
    )
    step: float = Field(
        0.25,
        gt=0,
        le=1,
        description="share of max_exposure, as a fraction, that exposure moves by, so that small changes cost nothing",
    )
    stop_multiple: float = Field(
        8.0, ge=0, le=100, description="distance of the stop in standard deviations of one bar's return; 0 for no stop"
    )

    @model_validator(mode="after")
    def _in_order(self) -> "Trend":
        if self.exit >= self.entry:
            raise ValueError(f"exit {self.exit} must be below entry {self.entry}")
        if self.least_strength > self.full_strength:
            raise ValueError(f"least_strength {self.least_strength} is above full_strength {self.full_strength}")
        return self


#: What `tune` searches unless it is told, as its --param has it.
SEARCH = {
    "gap": "ema_gap_12,ema_gap_48",
    "entry": "0:3",
    "exit": "-2:1",
    "least_strength": "0:40",
    "full_strength": "20:80",
    "stop_multiple": "2:16",
}


def columns(parameters: Trend) -> tuple[str, ...]:
    """Return the columns of the row that it reads."""
    return (parameters.gap, "adx_14", "volatility_24", "held_exposure")


def desire(row: Row, parameters: Trend) -> Desire:
    """Return the exposure that the gap, `adx_14` and `held_exposure` of the row call for; long only.

    Between entry and exit it keeps what it holds; a trend that weakens meanwhile lessens it, down to one step.
    """
    gap, strength = number(row, parameters.gap), number(row, "adx_14")
    volatility = number(row, "volatility_24")
    held = number(row, "held_exposure") or 0.0
    if gap is None or strength is None:
        return flat("no trend measure")
    if volatility is None:
        return flat("no volatility")
    if gap < parameters.exit:
        return flat("no trend")
    entered = gap >= parameters.entry and strength >= parameters.least_strength
    if not entered and held <= 0:
        return flat("trend not strong enough")
    return Desire(
        quantize(_share(strength, parameters) * parameters.max_exposure),
        stop_distance(parameters.stop_multiple, volatility),
        "trend stands" if entered else "trend not over yet",
    )


def _share(strength: float, parameters: Trend) -> float:
    share = min(strength / parameters.full_strength, 1.0)
    return min(max(round(share / parameters.step), 1) * parameters.step, 1.0)
