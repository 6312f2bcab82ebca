"""Market making: a bid and an ask around a price that leans against what is held, as Avellaneda and Stoikov have it.

Source: Avellaneda and Stoikov, High-frequency trading in a limit order book (2008), in relative prices: with inventory
q between -1 and 1 of its limit, variance v of one bar's return, risk aversion g, horizon T bars and decay k of the
order flow, the middle is the close x (1 - q g v T) and half the spread g v T / 2 + ln(1 + g / k) / g.

Sizing scales what it asks for down to the volatility target of the limits, so it asks for its shares divided by that
scale: `target_volatility` must be that of the limits.
"""

import math
from functools import partial

from pydantic import Field, model_validator

from trading.order import Side
from trading.strategies.strategy import (
    Desire,
    Parameters,
    Row,
    TargetVolatility,
    as_held,
    before_sizing,
    flat,
    number,
    quote,
)


class MarketMaking(Parameters):
    """Parameters of market_making. Shares are fractions of the sub-account's equity: 0.1 is a tenth."""

    risk_aversion: float = Field(
        20.0,
        gt=0,
        le=10_000,
        description="aversion to inventory, per unit of relative price: more leans and widens more",
    )
    flow_decay: float = Field(
        500.0,
        ge=1,
        le=1_000_000,
        description="decay of the order flow with distance, per unit of relative price: 500 halves it at 0.14 %",
    )
    horizon: float = Field(4.0, gt=0, le=1_000, description="bars over which inventory is to be worked off")
    least_half_spread: float = Field(
        0.0015, gt=0, le=0.2, description="least distance of a quote from the middle as a fraction: above the fee"
    )
    target: float = Field(0.3, ge=0, le=1, description="share of the equity that is held with no inventory to work off")
    limit: float = Field(0.3, gt=0, le=1, description="share of the equity by which the holding may leave its target")
    size: float = Field(0.06, gt=0, le=1, description="share of the equity that one quote buys or sells")
    most_volatility: float = Field(
        0.05, gt=0, le=10, description="standard deviation of one bar's return above which all is sold, nothing quoted"
    )
    target_volatility: TargetVolatility = 0.02

    @model_validator(mode="after")
    def _within(self) -> "MarketMaking":
        if self.target + self.limit > 1:
            raise ValueError(f"target {self.target} and limit {self.limit} are more than the equity")
        if self.size > self.limit:
            raise ValueError(f"size {self.size} is above limit {self.limit}")
        return self


#: What `tune` searches unless it is told, as its --param has it.
SEARCH = {"risk_aversion": "5:200", "flow_decay": "100:5000", "horizon": "1:24", "least_half_spread": "0.001:0.01"}


def columns(parameters: MarketMaking) -> tuple[str, ...]:  # noqa: ARG001 - every strategy is asked with its parameters
    """Return the columns of the row that it reads."""
    return ("volatility_24", "close", "held_exposure", "bar_seconds")


def desire(row: Row, parameters: MarketMaking) -> Desire:
    """Return the two quotes around the middle; the one that would leave the inventory limit is left out.

    In a market that moves too much for its quotes it sells what it has.
    """
    volatility, close, held, length = (number(row, name) for name in columns(parameters))
    if volatility is None or close is None or held is None or length is None or min(volatility, close, length) <= 0:
        return as_held("no volatility")
    if volatility > parameters.most_volatility:
        return flat("too volatile to quote")
    inventory = (held - parameters.target) / parameters.limit
    risk = parameters.risk_aversion * volatility**2 * parameters.horizon
    middle = close * (1 - inventory * risk)
    flow = math.log1p(parameters.risk_aversion / parameters.flow_decay) / parameters.risk_aversion
    half = max(risk / 2 + flow, parameters.least_half_spread)
    if half >= 1 or middle * (1 - half) <= 0:
        return as_held("no price to quote")
    wanted: list[tuple[Side, float, float]] = []
    if (high := parameters.target + parameters.limit) > held:
        wanted.append((Side.BUY, middle * (1 - half), min(held + parameters.size, high)))
    if (low := max(parameters.target - parameters.limit, 0.0)) < held:
        wanted.append((Side.SELL, middle * (1 + half), max(held - parameters.size, low)))
    asked = partial(
        before_sizing, volatility=volatility, bar_seconds=length, target_volatility=parameters.target_volatility
    )
    return as_held("quotes around the middle", [quote(side, price, asked(share)) for side, price, share in wanted])
