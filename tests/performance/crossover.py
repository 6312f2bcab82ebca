"""A crossover of two moving averages through our engine, in a process of its own; prints seconds, fills and memory.

What the peers are given lies in the same file. From reading it to the last fill all is timed, imports are not.
"""

import json
import resource
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, cast

import numpy as np
import polars as pl

from trading.backtest.engine import Engine, Setup
from trading.backtest.result import Backtest
from trading.instrument import Instrument
from trading.limits import Limits
from trading.simulation.grid import GridBars, on_grid
from trading.strategies import registry
from trading.strategies.knowledge import Knowledge, Shown, shown
from trading.strategies.strategy import Desire, Parameters, Registered, Row, flat, quantize
from trading.timeframe import Timeframe

HOUR, SYMBOL, NAME = Timeframe(3600), "BTC/USDT", "crossover"
TICK, LOT = Decimal("0.01"), Decimal("0.00001")
#: The standard deviation of a bar's return, the same throughout: the peers do not size by it.
VOLATILITY = 0.004
#: Nothing but the crossover makes an order: the peers have no such limits.
LIMITS = Limits(target_volatility=Decimal(1), max_drawdown=Decimal(1), max_order_value=Decimal(10**15))

FLAT = flat("below")


class Share(Parameters):
    """The `share` of equity that is held while the fast average is above the slow one."""

    share: float


def desire(row: Row, parameters: Share) -> Desire:
    """Be long while the fast average is above the slow one."""
    fast, slow = cast("float", row["fast"]), cast("float", row["slow"])
    return _long(parameters.share) if fast > slow else FLAT


@cache
def _long(share: float) -> Desire:
    return Desire(quantize(share), None, "above")


class Averages:
    """The averages of a market without holes, told bar by bar once the slow one is known."""

    def __init__(self, bars: pl.DataFrame, fast: int, slow: int) -> None:
        close = bars["close"]
        self._begins = bars["ts"][0]
        told = {"close": close, "fast": close.rolling_mean(fast), "slow": close.rolling_mean(slow)}
        self._known = pl.DataFrame(told).with_columns(volatility_24=pl.when(pl.col("slow") > 0).then(VOLATILITY))

    def at(self, bar: datetime) -> Mapping[str, Knowledge]:
        """Return what is known at the close of `bar`."""
        row = self._known.row((bar - self._begins) // HOUR.delta, named=True)
        return {SYMBOL: Knowledge({"close": row.pop("close")}, row)}

    def shown(self, bars: Sequence[datetime], timeframe: Timeframe) -> Mapping[str, Shown]:
        """Return what is known of successive `bars`."""
        first = (bars[0] - self._begins) // HOUR.delta
        return {SYMBOL: shown(self._known[first : first + len(bars)].to_dict(as_series=False), bars, timeframe)}

    def closed_by(self, bar: datetime) -> Mapping[str, str]:
        """Return nothing: no bar is missing."""
        return {}


def traded(path: Path, *, brief: bool = True) -> Backtest:
    """Trade the bars of the file; unless `brief`, every bar is decided about and walked through."""
    with np.load(path) as file:
        told: Mapping[str, Any] = dict(file)
    times = pl.Series(told["ts"]).cast(pl.Datetime("ms", "UTC")).dt.cast_time_unit("us")
    bars = pl.DataFrame({"ts": times, **{name: told[name] for name in ("open", "high", "low", "close", "volume")}})
    fee, capital = (Decimal(str(told[name])) for name in ("fee", "capital"))
    instrument = Instrument("bench", SYMBOL, "BTC", "USDT", TICK, LOT, LOT, Decimal(5), fee, fee)
    grid = GridBars([SYMBOL])
    grid.append(SYMBOL, on_grid(bars, instrument))
    wanted, start = {NAME: Share(share=float(told["share"]))}, bars["ts"][0] + HOUR.delta
    place = ("bench", "bench", HOUR, [instrument], wanted, start, bars.height - 1)
    setup = Setup(*place, capital, LIMITS, half_spread_bps=Decimal(0), brief=brief)
    return Engine(setup, grid, Averages(bars, int(told["fast"]), int(told["slow"]))).run()


def main() -> None:
    """Trade some rounds: `file rounds [full]`."""
    path, rounds, brief = Path(sys.argv[1]), int(sys.argv[2]), "full" not in sys.argv
    registry.STRATEGIES = {NAME: Registered(desire, Share, lambda _: ("fast", "slow"))}
    seconds, curves, fills, worth = list[float](), list[float](), 0, 0.0
    for _ in range(rounds):
        began = time.perf_counter()
        done = traded(path, brief=brief)
        fills = len(done.fills)
        seconds.append(time.perf_counter() - began)
        worth = float(done.curve[-1].equity)
        curves.append(time.perf_counter() - began)
        del done
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "curves": curves, "fills": fills, "worth": worth, "megabytes": peak}))


if __name__ == "__main__":
    main()
