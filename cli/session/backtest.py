"""A backtest of a chosen market: its bars on the venue's grid, what was known of them, and the engine over both."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from cli.session.markets import Market
from cli.session.plan import CAPITAL, HORIZON, RunPlan
from trading.limits import Limits

if TYPE_CHECKING:
    import polars as pl

    from models.knowledge import History, Study
    from trading.backtest.engine import Setup
    from trading.backtest.result import Backtest
    from trading.simulation.grid import GridBars
    from trading.strategies.strategy import Parameters

Told = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Terms:
    """What trading costs and begins with: fees as a fraction (None: the venue's), half a spread in basis points.

    `brief`: whether bars on which nothing can change are passed over.
    """

    capital: Decimal = CAPITAL
    fee: Decimal | None = None
    half_spread_bps: Decimal = Decimal(1)
    limits: Limits = field(default_factory=Limits)
    retrain: int = 0
    brief: bool = True


@dataclass(frozen=True)
class Prepared:
    """What the engine needs."""

    setup: "Setup"
    bars: "GridBars"
    history: "History"


def backtest(market: Market, told: Told, terms: Terms | None = None, known_until: datetime | None = None) -> "Backtest":
    """Return the backtest of `market`; with `known_until`, what is known ends there, and so does the trading.

    The market itself goes on: the signals of that moment still meet its next bar.

    Raises:
        BadData: there is too little history for the models that the strategies need.
    """
    from trading.backtest.engine import Engine

    told("knowledge", 0, 1)
    made = prepare(market, terms or Terms(), known_until)
    told("knowledge", 1, 1)
    return Engine(made.setup, made.bars, made.history).run(lambda done, of: told("bars", done, of))


def prepare(market: Market, terms: Terms, known_until: datetime | None = None) -> Prepared:
    """Return bars, knowledge and setup of a backtest, as `backtest` uses them."""
    import polars as pl

    from models.knowledge import History
    from trading.backtest.engine import Setup
    from trading.simulation.grid import GridBars, frame, on_grid

    plan, parameters = market.plan, _parameters(market.plan)
    steps = plan.steps if known_until is None else int((known_until - plan.window_start) / plan.timeframe.delta) + 1
    fees = {} if terms.fee is None else {"maker_fee": terms.fee, "taker_fee": terms.fee}
    instruments = [replace(one, **fees) for one in plan.instruments]
    grid, frames = GridBars(plan.symbols), list[pl.DataFrame]()
    for instrument in instruments:
        bars = on_grid(bars_of(market, instrument.symbol), instrument)
        grid.append(instrument.symbol, bars)
        frames.append(frame(bars, instrument).select(pl.lit(instrument.symbol).alias("symbol"), pl.all()))
    panel = pl.concat(frames).sort("symbol", "ts")
    if known_until is not None:
        panel = panel.filter(pl.col("ts") < known_until)
    history = History(panel, _study(plan, steps, parameters, terms.retrain))
    place = (plan.book, plan.venue, plan.timeframe, instruments, parameters, plan.window_start, steps)
    setup = Setup(*place, terms.capital, terms.limits, terms.half_spread_bps, terms.brief)
    return Prepared(setup, grid, history)


def _study(plan: RunPlan, steps: int, parameters: "Mapping[str, Parameters]", retrain: int) -> "Study":
    from models.knowledge import Study
    from trading.strategies.registry import strategy

    read = frozenset(column for name, values in parameters.items() for column in strategy(name).columns(values))
    return Study(plan.timeframe, plan.window_start, steps, HORIZON, plan.seed, retrain, read)


def bars_of(market: Market, symbol: str) -> "pl.DataFrame":
    """Return the bars of `symbol` as a BARS frame, history included; those of the random market are made anew."""
    from trading.simulation.random_market import bars, spec_of

    plan = market.plan
    if plan.source["kind"] == "random":
        specs = [spec_of(one) for one in plan.instruments if one.symbol == symbol]
        return bars(plan.seed, specs, plan.timeframe, plan.history_start, plan.end).drop("symbol")
    return market.bars[symbol]


def _parameters(plan: RunPlan) -> "dict[str, Parameters]":
    from trading.strategies.registry import parameters

    return {name: parameters(name, plan.parameters.get(name, {})) for name in plan.strategies}
