"""Mean reversion: buy what fell far below its mean in a calm market that is found to revert; hold it until it is back.

It is found by a Dickey-Fuller test of the last 168 bars. What is held is sold when the test fails.
"""

from typing import Literal

from pydantic import Field, model_validator

from trading.errors import BadData
from trading.strategies.strategy import Desire, Parameters, Row, flat, number, quantize, stop_distance

_STATISTIC, _HALF_LIFE = "dickey_fuller_168", "half_life_168"


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
    stationarity: float = Field(
        -2.88,
        ge=-20,
        le=0,
        description="highest t statistic of the Dickey-Fuller test at which the market counts as mean reverting: -2.88"
        " takes 5 % of random walks for one, -3.47 1 %, -2.58 10 % (MacKinnon, 2010); 0 for no test",
    )
    half_life: float = Field(
        24.0,
        ge=0,
        le=10_000,
        description="longest half-life of a distance from the mean that it accepts, in bars; 0 for any, or none",
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
    "stationarity": "-4:-1.5",
    "half_life": "2:48",
}


def columns(parameters: MeanReversion) -> tuple[str, ...]:
    """Return the columns of the row that it reads."""
    limits = {_STATISTIC: parameters.stationarity, _HALF_LIFE: parameters.half_life}
    tests = (name for name, limit in limits.items() if limit)
    return (parameters.z_score, "volatility_24", "held_exposure", "regime", *tests)


def desire(row: Row, parameters: MeanReversion) -> Desire:
    """Return the exposure that z-score, tests, `regime` and `held_exposure` of the row call for; long only.

    Between entry and exit it keeps what it holds, so that it does not trade on every crossing.
    """
    score, volatility = number(row, parameters.z_score), number(row, "volatility_24")
    held = number(row, "held_exposure") or 0.0
    if score is None or volatility is None:
        return flat("no score")
    if unfit := _wrong_regime(row, parameters) or _no_reversion(row, parameters):
        return flat(unfit)
    if score > -parameters.exit:
        return flat("back at its mean")
    if score > -parameters.entry and held <= 0:
        return flat("not far below its mean")
    reason = "far below its mean" if score <= -parameters.entry else "not back at its mean yet"
    return Desire(quantize(parameters.exposure), stop_distance(parameters.stop_multiple, volatility), reason)


def _wrong_regime(row: Row, parameters: MeanReversion) -> str:
    """Return why the regime forbids it to be long, empty where it does not."""
    if "regime" not in row:
        raise BadData("strategy row: regime is missing")
    if row["regime"] is None:
        return "no regime"
    return "" if row["regime"] in parameters.regimes else "regime not allowed"


def _no_reversion(row: Row, parameters: MeanReversion) -> str:
    """Return why the market does not count as mean reverting, empty where it does."""
    if parameters.stationarity:
        statistic = number(row, _STATISTIC)
        if statistic is None:
            return "not tested yet"
        if statistic > parameters.stationarity:
            return "not stationary"
    if parameters.half_life:
        half_life = number(row, _HALF_LIFE)
        if half_life is None:
            return "no half-life"
        if half_life > parameters.half_life:
            return "reverts too slowly"
    return ""
