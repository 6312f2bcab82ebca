"""A backtest equals a paper run of the same bars, to the last digit: real files and random markets, every strategy.

The paper run has the real simulator, ccxt over HTTP, broker and database; `tests/e2e/test_compare.py` has Dagster too.
TRADEWIND_TEST_COMPARED sets on how many random markets.
"""

import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from adapters.bus.local_broker import LocalBroker
from adapters.settings import Settings
from cli.session.backtest import Terms, prepare
from cli.session.markets import Market, file_market, random_market
from cli.session.plan import Timerange, Trading
from tests.integration.execution.paper import open_paper, simulate
from trading.backtest.compare import compare
from trading.backtest.engine import Engine
from trading.backtest.result import Backtest
from trading.execution import protocol
from trading.simulation.random_market import SPECS
from trading.strategies.registry import STRATEGIES
from trading.timeframe import Timeframe

COMPARED = int(os.environ.get("TRADEWIND_TEST_COMPARED") or 20)
STEPS = 7
FILES = {
    "depeg, 1m": ["1m_usdc_depeg_2023-03/kraken_BTCUSD_1m.parquet"],
    "Luna's end, 1h": ["1h_binance/binance_LUNAUSDT_1h.parquet", "1h_binance/binance_BTCUSDT_1h.parquet"],
    "two coins, 4h": ["4h_binance/binance_BTCUSDT_4h.parquet", "4h_binance/binance_ETHUSDT_4h.parquet"],
}

#: All strategies, with times at which each has something to do within a few bars.
TRADED: dict[str, Any] = {
    "strategies": tuple(STRATEGIES),
    "parameters": {
        "dollar_cost_average": {"every_hours": 3},
        "multi_timeframe": {"entry": 0.05},
        "mean_reversion": {"stationarity": -1.5},
    },
}

Trial = Callable[..., Backtest]


@pytest.fixture
def trial(database: str, broker: LocalBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Trial:
    """Trade a market on paper and in a backtest, and see that both did the same."""
    # How long a machine with other work to do takes between decision and wire is no part of these tests.
    monkeypatch.setattr(protocol, "too_late", lambda *_: False)

    def compared(market: Market, review_seconds: float = 30.0) -> Backtest:
        prepared = prepare(market, Terms(brief=False))
        tested = Engine(prepared.setup, prepared.bars, prepared.history).run()
        simulator = simulate(market, tmp_path / market.plan.book)
        try:
            paper = open_paper(market, prepared, simulator, database, broker, review_seconds)
            paper.run()
            found = compare(paper.traded(tested), tested.traded)
        finally:
            simulator.stop()
        assert not found.differences, "\n".join(map(str, found.differences[:14]))
        assert all(one == other for one, other in found.counts.values())
        return tested

    return compared


@pytest.mark.data
@pytest.mark.parametrize("name", FILES)
def test_on_real_bars_paper_and_backtest_are_equal(name: str, trial: Trial):
    folder = Path(os.environ["TRADEWIND_TEST_DATA"]) / "candles"
    market = file_market(
        Settings(),
        [folder / file for file in FILES[name]],
        venue=None,
        timeframe=None,
        symbols=None,
        timerange=Timerange(None, None),
        trading=Trading(STEPS, history=2_000, **TRADED),
    )
    tested = trial(market)
    assert tested.fills


def test_on_random_markets_paper_and_backtest_are_equal(trial: Trial, seed: int):
    chance, traded = random.Random(seed), set[str]()
    for number in range(COMPARED):
        symbols = chance.sample([spec.symbol for spec in SPECS], 2)
        timeframe = Timeframe.parse(chance.choice(["1h", "30m", "2h"]))
        trading = Trading(STEPS, history=1_300, seed=seed % 100_000 + number, **TRADED)
        # When books and venue are compared is a matter of chance; what is decided must not hang on it.
        tested = trial(random_market(timeframe, symbols, trading), review_seconds=30 * (number % 4 != 0))
        traded |= {placed.order.request.strategy for placed in tested.orders}
    assert traded == set(STRATEGIES) or COMPARED < 20
