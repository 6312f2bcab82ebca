"""All strategies by name, each with its parameters."""

from collections.abc import Mapping
from typing import Any

from trading.errors import Misconfigured
from trading.strategies import combine, dollar_cost_average, grid, market_making
from trading.strategies.parts import PARTS
from trading.strategies.strategy import Parameters, Registered, made

STRATEGIES: Mapping[str, Registered] = {
    **PARTS,
    "dollar_cost_average": Registered(
        dollar_cost_average.desire,
        dollar_cost_average.DollarCostAverage,
        dollar_cost_average.columns,
        dollar_cost_average.SEARCH,
    ),
    "grid": Registered(grid.desire, grid.Grid, grid.columns, grid.SEARCH),
    "market_making": Registered(
        market_making.desire, market_making.MarketMaking, market_making.columns, market_making.SEARCH
    ),
    "combine": Registered(combine.desire, combine.Combine, combine.columns),
}


def strategy(name: str) -> Registered:
    """Return the strategy called `name`; Misconfigured listing the known ones otherwise."""
    if name not in STRATEGIES:
        raise Misconfigured(f"unknown strategy {name!r}; known are {', '.join(sorted(STRATEGIES))}")
    return STRATEGIES[name]


def parameters(name: str, values: Mapping[str, object]) -> Parameters:
    """Return the parameters of strategy `name`: `values` over its defaults; Misconfigured naming what is wrong."""
    kind = strategy(name).parameters
    try:
        return made(kind, dict(values))
    except ValueError as error:
        raise Misconfigured(f"strategy {name}: {error}") from None


def schema(name: str) -> dict[str, Any]:
    """Return the JSON schema of the parameters of strategy `name`: descriptions with units, ranges, defaults."""
    return strategy(name).parameters.model_json_schema()
