"""Follow the forecast: be long in proportion to the expected return per unit of risk, where it is worth its cost."""

from pydantic import Field

from trading.strategies.strategy import Desire, Parameters, Row, flat, number, quantize, stop_distance


class FollowForecast(Parameters):
    """Parameters of follow_forecast. Returns are log returns over the horizon of the forecast."""

    cost: float = Field(
        0.002, gt=0, le=0.1, description="cost of a round trip as a fraction of its value: fees, spread"
    )
    threshold: float = Field(
        0.05,
        ge=0,
        le=20,
        description="least expected return for an entry, in units of cost; small: traded whatever the score",
    )
    full_at: float = Field(
        0.2, gt=0, le=10, description="expected return per unit of its standard error that earns the full exposure"
    )
    max_exposure: float = Field(1.0, gt=0, le=1, description="largest share of the sub-account's equity")
    step: float = Field(
        0.1,
        gt=0,
        le=1,
        description="share of max_exposure that exposure moves by, so that small changes of mind cost nothing",
    )
    stop_multiple: float = Field(
        6.0, ge=0, le=100, description="distance of the stop in standard deviations of one bar's return; 0 for no stop"
    )


#: What `tune` searches unless it is told, as its --param has it.
SEARCH = {
    "threshold": "0:2",
    "full_at": "0.05:2",
    "stop_multiple": "2:16",
}


def columns(_parameters: FollowForecast) -> tuple[str, ...]:
    """Return the columns of the row that it reads."""
    return ("expected_return", "sigma", "volatility_24")


def desire(row: Row, parameters: FollowForecast) -> Desire:
    """Return the exposure that `expected_return`, `sigma` and `volatility_24` of the row call for; long only."""
    expected, sigma = number(row, "expected_return"), number(row, "sigma")
    volatility = number(row, "volatility_24")
    if expected is None:
        return flat("no forecast")
    if sigma is None or volatility is None or sigma <= 0 or volatility <= 0:
        return flat("no volatility")
    if expected <= 0:
        return flat("fall expected")
    if expected < parameters.threshold * parameters.cost:
        return flat("forecast below cost threshold")
    share = min(expected / sigma / parameters.full_at, 1.0)
    stepped = min(round(share / parameters.step) * parameters.step, 1.0)
    if stepped <= 0:
        return flat("forecast below one step of exposure")
    return Desire(
        quantize(stepped * parameters.max_exposure),
        stop_distance(parameters.stop_multiple, volatility),
        "rise expected",
    )
