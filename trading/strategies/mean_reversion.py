"""Mean reversion: buy what fell far below its mean in a calm enough market, and hold it until it is back."""

from typing import Literal

from pydantic import Field, model_validator

from trading.errors import BadData
from trading.strategies.strategy import Desire, Parameters, Row, flat, number, quantize, stop_distance


class MeanReversion(Parameters):
    """Parameters of mean_reversion. Distances are standard deviations of the log close over its window."""

    z_score: Literal["close_z_24", "close_z_72"] = Field(
        "close_z_24", description="the feature that measures the distance"
    )
    entry: float = Field(1.0, gt=0, le=10, description="buy when the close lies at least this far below its mean")
    exit: float = Field(0.0, ge=-10, le=10, description="sell when the close lies less than this far below its mean")
    exposure: float = Field(0.5, gt=0, le=1, description="share of the sub-account's equity when long")
    regimes: tuple[Literal["calm", "normal", "turbulent"], ...] = Field(
        ("calm", "normal"), min_length=1, description="regimes in which it may be long"
    )
    stop_multiple: float = Field(
        8.0, ge=0, le=100, description="distance of the stop in standard deviations of one bar's return; 0 for no stop"
    )

    @model_validator(mode="after")
    def _exit_before_entry(self) -> "MeanReversion":
        if self.exit >= self.entry:
            raise ValueError(f"exit {self.exit} must be below entry {self.entry}")
        return self


#: What `tune` searches unless it is told, as its --param has it.
SEARCH = {
    "z_score": "close_z_24,close_z_72",
    "entry": "0.25:3",
    "exit": "-1:1",
    "stop_multiple": "2:16",
}


def columns(parameters: MeanReversion) -> tuple[str, ...]:
    """Return the columns of the row that it reads."""
    return (parameters.z_score, "volatility_24", "held_exposure", "regime")


def desire(row: Row, parameters: MeanReversion) -> Desire:
    """Return the exposure that the z-score, `regime` and `held_exposure` of the row call for; long only.

    Between entry and exit it keeps what it holds, so that it does not trade on every crossing.
    """
    score, volatility = number(row, parameters.z_score), number(row, "volatility_24")
    held = number(row, "held_exposure") or 0.0
    if "regime" not in row:
        raise BadData("strategy row: regime is missing")
    if score is None or volatility is None:
        return flat("no score")
    if row["regime"] is None:
        return flat("no regime")
    if row["regime"] not in parameters.regimes:
        return flat("regime not allowed")
    if score > -parameters.exit:
        return flat("back at its mean")
    if score > -parameters.entry and held <= 0:
        return flat("not far below its mean")
    reason = "far below its mean" if score <= -parameters.entry else "not back at its mean yet"
    return Desire(quantize(parameters.exposure), stop_distance(parameters.stop_multiple, volatility), reason)
