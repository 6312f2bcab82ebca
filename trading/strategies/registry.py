"""All strategies by name, each with its parameters."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from trading.errors import Misconfigured
from trading.strategies import follow_forecast, mean_reversion
from trading.strategies.strategy import Desire, Parameters, Row, Strategy


@dataclass(frozen=True)
class Registered:
    """A strategy function and the class of its parameters."""

    desire: Strategy[Any]
    parameters: type[Parameters]

    def __call__(self, row: Row, parameters: Parameters) -> Desire:
        """Return what the strategy desires from the close of the bar that `row` describes."""
        return self.desire(row, parameters)


STRATEGIES: Mapping[str, Registered] = {
    "follow_forecast": Registered(follow_forecast.desire, follow_forecast.FollowForecast),
    "mean_reversion": Registered(mean_reversion.desire, mean_reversion.MeanReversion),
}


def strategy(name: str) -> Registered:
    """Return the strategy called `name`; Misconfigured listing the known ones otherwise."""
    if name not in STRATEGIES:
        raise Misconfigured(f"unknown strategy {name!r}; known are {', '.join(sorted(STRATEGIES))}")
    return STRATEGIES[name]


def parameters(name: str, values: Mapping[str, object]) -> Parameters:
    """Return the parameters of strategy `name`: `values` over its defaults; Misconfigured naming what is wrong."""
    try:
        return strategy(name).parameters.model_validate(dict(values))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "parameters"
        raise Misconfigured(f"strategy {name}: {where}: {first['msg']}") from None
