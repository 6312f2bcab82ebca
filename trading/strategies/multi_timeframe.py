"""Multi-timeframe: buy a rise of the base timeframe only where both higher timeframes rise as well."""

from typing import Literal

from pydantic import Field, model_validator

from trading.strategies.strategy import Desire, Parameters, Row, flat, number, quantize, stop_distance

#: The higher timeframes of the features: so many times the base (trading/indicators/technical.py).
_HIGHER = ("_x4", "_x24")


class MultiTimeframe(Parameters):
    """Parameters of multi_timeframe. Gaps are distances of the close from its moving mean in units of ATR(14)."""

    base: Literal["ema_gap_12", "ema_gap_48"] = Field(
        "ema_gap_12", description="the feature that measures the gap on the base timeframe"
    )
    entry: float = Field(
        0.5, ge=-20, le=20, description="buy when the close lies at least this many ATR above its mean on the base"
    )
    exit: float = Field(
        0.0, ge=-20, le=20, description="sell when the close lies less than this many ATR above its mean on the base"
    )
    higher: Literal["ema_gap_12", "trend_slope_12", "return_6"] = Field(
        "ema_gap_12", description="the feature by which each higher timeframe, 4 and 24 times the base, confirms"
    )
    confirm: float = Field(
        0.0,
        ge=0,
        le=10,
        description="a higher timeframe confirms above this value of its feature: ATR for ema_gap_12, log return per"
        " higher bar for trend_slope_12, log return over six higher bars for return_6",
    )
    exit_after: int = Field(
        1, ge=1, le=len(_HIGHER), description="sell when so many higher timeframes confirm no longer"
    )
    exposure: float = Field(
        0.5, gt=0, le=1, description="share of the sub-account's equity when long, as a fraction: 0.5 is half"
    )
    stop_multiple: float = Field(
        8.0, ge=0, le=100, description="distance of the stop in standard deviations of one bar's return; 0 for no stop"
    )

    @model_validator(mode="after")
    def _exit_before_entry(self) -> "MultiTimeframe":
        if self.exit >= self.entry:
            raise ValueError(f"exit {self.exit} must be below entry {self.entry}")
        return self


#: What `tune` searches unless it is told, as its --param has it.
SEARCH = {
    "base": "ema_gap_12,ema_gap_48",
    "entry": "0:3",
    "exit": "-2:1",
    "exit_after": "1,2",
    "stop_multiple": "2:16",
}


def columns(parameters: MultiTimeframe) -> tuple[str, ...]:
    """Return the columns of the row that it reads."""
    higher = (f"{parameters.higher}{suffix}" for suffix in _HIGHER)
    return (parameters.base, *higher, "volatility_24", "held_exposure")


def desire(row: Row, parameters: MultiTimeframe) -> Desire:
    """Return the exposure that the gap, both higher timeframes and `held_exposure` of the row call for; long only.

    A higher bar counts from its close on. Between entry and exit it keeps what it holds.
    """
    gap, volatility = number(row, parameters.base), number(row, "volatility_24")
    higher = [number(row, f"{parameters.higher}{suffix}") for suffix in _HIGHER]
    held = number(row, "held_exposure") or 0.0
    known = [value for value in higher if value is not None]
    if gap is None or len(known) < len(higher):
        return flat("a timeframe is not known")
    if volatility is None:
        return flat("no volatility")
    refusing = sum(value <= parameters.confirm for value in known)
    if gap < parameters.exit:
        return flat("base timeframe does not rise")
    if refusing >= parameters.exit_after:
        return flat("higher timeframes do not confirm")
    entered = gap >= parameters.entry and refusing == 0
    if not entered and held <= 0:
        return flat("no rise on all timeframes")
    return Desire(
        quantize(parameters.exposure),
        stop_distance(parameters.stop_multiple, volatility),
        "all timeframes rise" if entered else "rise not over yet",
    )
