"""A trial's score by the kernel and by the engine: the same, whatever the market, its symbols and the costs."""

import random
from decimal import Decimal
from typing import Any

import pytest

from cli.session.backtest import Terms
from cli.session.markets import random_market
from cli.session.plan import Trading
from cli.session.search import Trial
from cli.session.tuning import Bench, Tuning
from trading.backtest.folds import Fold
from trading.backtest.score import OBJECTIVES, difference
from trading.backtest.space import Value, space
from trading.errors import BadData
from trading.limits import Limits
from trading.simulation.random_market import SPECS
from trading.timeframe import Timeframe

D = Decimal
CASES = 24
STEPS = 240
#: A random market hardly ever passes for one that reverts.
LENIENT: dict[str, dict[str, Value]] = {"mean_reversion": {"stationarity": -1.5, "half_life": 100.0}}


def bench(chance: random.Random, strategy: str, **terms: Any) -> Bench:
    """A bench of a market of one symbol or several."""
    symbols = chance.sample([spec.symbol for spec in SPECS], chance.choice([1, 2, 3]))
    trading = Trading(STEPS, 1_300, chance.randrange(10**6), (strategy,), {})
    market = random_market(Timeframe.parse(chance.choice(["1h", "30m"])), symbols, trading)
    fold = Fold(1, range(STEPS // 2), range(STEPS // 2, STEPS))
    objective = chance.choice(OBJECTIVES)
    tuning = Tuning(strategy, space(strategy, (), {}), {}, (fold,), 1, "random", objective, 1, 7)
    return Bench(market, Terms(**terms), tuning)


@pytest.mark.parametrize("strategy", ["trend", "mean_reversion", "multi_timeframe"])
def test_kernel_and_engine_score_alike(strategy: str, seed: int) -> None:
    told = 0
    for number in range(CASES // 3):
        chance = random.Random(seed + number)
        capital, spread = D(chance.choice(["300", "100000", "1000.07"])), D(chance.choice(["0", "1", "20"]))
        made = bench(chance, strategy, capital=capital, half_spread_bps=spread)
        values = {one.name: one.at(one.count // chance.choice([3, 4, 5])) for one in space(strategy, (), {})}
        values |= LENIENT.get(strategy, {})
        steps = range(first := chance.choice([0, 50]), first + chance.choice([60, 190]))
        found = made.swift(values, steps)
        assert found is not None, f"seed {seed + number}"
        expected = made.score(made.stretch(values, steps))
        assert not difference(found, expected), f"seed {seed + number}"
        told += expected.trades
    assert told > 20


def test_the_engine_scores_where_one_symbol_would_trade_with_the_money_of_another() -> None:
    # The spread takes more than the buffer of cash: whether the venue takes the order depends on what others have.
    values: dict[str, Value] = {"entry": 0.5, "exit": -0.5, "least_strength": 0.0, "full_strength": 20.0}
    costs = {"half_spread_bps": D(1000), "limits": Limits(target_volatility=D(1))}
    # Few markets come to that, so these are always the same.
    left = 0
    for number in range(8):
        made, steps = bench(random.Random(number), "trend", **costs), range(120)
        swift = made.swift(values, steps)
        assert swift is not None or len(made.market.plan.symbols) > 1
        assert made.judge(values, steps) is not None
        left += swift is None
    assert left > 0


def test_a_choice_is_checked_by_the_engine(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    made = bench(random.Random(seed), "trend")
    values, steps = {"entry": 0.5, "exit": -0.5}, range(120)
    trial = Trial(values, made.judge(values, steps))
    made.check(trial, steps)
    honest = made.stretch(values, steps)
    monkeypatch.setattr(made, "stretch", lambda *_: type(honest)(honest.made, honest.trades + 1))
    with pytest.raises(BadData, match=r"kernel and engine differ in trades .*trend with .*entry"):
        made.check(trial, steps)


def test_the_engine_scores_where_there_are_trading_hours(seed: int) -> None:
    values = {one.name: one.at(one.count // 4) for one in space("trend", (), {})}
    scores = []
    for closed in ((), ("daily",)):
        made = bench(random.Random(seed), "trend", limits=Limits(closed=closed))
        scores.append((made.swift(values, range(200)), made.score(made.stretch(values, range(200)))))
    (by_kernel, open_), (none, shut) = scores
    assert by_kernel is not None
    assert none is None
    assert open_.trades > shut.trades == 0
