"""Mean reversion where prices revert and where they walk at random: it trades the first, and hardly the second."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl
import pytest

from cli.session.backtest import Terms, prepare
from cli.session.markets import Market, random_market
from cli.session.plan import Trading
from trading.backtest.engine import Engine
from trading.backtest.result import Backtest
from trading.candle import BARS
from trading.limits import Limits
from trading.timeframe import Timeframe

HOUR = Timeframe.parse("1h")
STEPS, HISTORY = 1_000, 1_300
UNTESTED = {"stationarity": 0.0, "half_life": 0.0}


def market(seed: int, kept: float, **parameters: Any) -> Market:
    """A market of one symbol, the log of whose close keeps the share `kept` of its distance from a mean, bar by bar."""
    chosen = {"regimes": ["calm", "normal", "turbulent"], **parameters}
    trading = Trading(STEPS, HISTORY, 1, ("mean_reversion",), {"mean_reversion": chosen})
    made = random_market(HOUR, ["BTC/USDT"], trading)
    rng, plan = np.random.default_rng(seed), made.plan
    opens = pl.datetime_range(plan.history_start, plan.end, HOUR.delta, closed="left", eager=True)
    logs = [0.0]
    for shock in rng.normal(0, 0.006, len(opens)):
        logs.append(kept * logs[-1] + shock)
    prices = 60_000 * np.exp(logs)
    reach = np.exp(np.abs(rng.normal(0, 0.002, (2, len(opens)))))
    bars = pl.DataFrame(
        {
            "ts": opens,
            "open": prices[:-1],
            "high": np.maximum(prices[:-1], prices[1:]) * reach[0],
            "low": np.minimum(prices[:-1], prices[1:]) / reach[1],
            "close": prices[1:],
            "volume": 1_000.0,
        },
        schema=BARS,
    )
    return replace(made, plan=replace(plan, source={"kind": "files"}), bars={"BTC/USDT": bars})


def traded(found: Market) -> Backtest:
    made = prepare(found, Terms(limits=Limits(max_drawdown=Decimal(1))))
    return Engine(made.setup, made.bars, made.history).run()


def held(one: Backtest) -> float:
    """The share of bars at whose close it holds more than a remainder."""
    return sum(point.positions > point.equity / 20 for point in one.curve) / len(one.curve)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_it_trades_where_prices_revert_and_hardly_where_they_walk_at_random(seed: int) -> None:
    walk, back = traded(market(seed, 1.0)), traded(market(seed, 0.5 ** (1 / 4)))
    blind = traded(market(seed, 1.0, **UNTESTED))
    found = {"walk": walk, "reverting": back, "walk, not tested": blind}
    print(f"seed {seed}:", {name: (f"{held(one):.1%}", len(one.fills)) for name, one in found.items()})
    assert held(walk) < 0.06
    assert held(back) > 0.25
    assert held(blind) > 5 * held(walk)
    assert len(back.fills) > 50
