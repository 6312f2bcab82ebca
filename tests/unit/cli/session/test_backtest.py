"""What a brief backtest leaves out changes nothing: bars that are passed over, and the venue's walk through them."""

import random
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from cli.session.backtest import Terms, prepare
from cli.session.markets import random_market
from cli.session.plan import Trading
from trading.backtest.engine import Engine
from trading.backtest.idle import Idle
from trading.backtest.result import Backtest
from trading.backtest.venue import Venue
from trading.limits import Limits
from trading.simulation.random_market import SPECS
from trading.timeframe import Timeframe

STRATEGIES = ("trend", "mean_reversion", "dollar_cost_average", "multi_timeframe")
MARKETS = 6


def trial(chance: random.Random, *, brief: bool) -> Backtest:
    """One backtest of a market, limits and parameters that `chance` chooses."""
    symbols = chance.sample([spec.symbol for spec in SPECS], 2)
    timeframe = Timeframe.parse(chance.choice(["30m", "1h", "2h"]))
    parameters: dict[str, dict[str, Any]] = {
        "trend": {"entry": chance.choice([0.0, 1.0]), "exit": -0.5, "stop_multiple": chance.choice([0.0, 3.0, 8.0])},
        "dollar_cost_average": {"every_hours": chance.choice([4, 24]), "stop_multiple": chance.choice([0.0, 20.0])},
        "multi_timeframe": {"entry": 0.1},
        "mean_reversion": {"stationarity": chance.choice([0.0, -1.5, -2.88]), "half_life": 100.0},
    }
    market = random_market(timeframe, symbols, Trading(100, 1_300, chance.randrange(10**6), STRATEGIES, parameters))
    limits = Limits(
        max_drawdown=Decimal(chance.choice(["0.003", "0.02", "0.2"])),
        min_rebalance=Decimal(chance.choice(["0", "0.01", "0.05"])),
        target_volatility=Decimal(chance.choice(["0.005", "0.02", "0.5"])),
        max_position=Decimal(chance.choice(["0.3", "0.95"])),
        max_loss=Decimal(chance.choice(["1", "0.02"])),
        max_legs=chance.choice([1000, 1, 3]),
        leg_spacing=Decimal(chance.choice(["0", "0.005"])),
        closed=chance.choice([(), ("sat-sun", "daily 21:30-02:00")]),
    )
    capital = Decimal(chance.choice(["300", "100000"]))
    made = prepare(market, Terms(capital=capital, limits=limits, brief=brief))
    return Engine(made.setup, made.bars, made.history).run()


def what_was_done(tested: Backtest) -> tuple[object, ...]:
    kept = [one for one in tested.decisions if one.verdict != "HOLD"]
    return tested.orders, tested.fills, kept, tested.curve, tested.signals, tested.verdicts, tested.missing


def test_passing_bars_over_changes_nothing(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    sure = Idle.sure
    told = {"passed over": 0, "decided": 0}

    def counted(*arguments: Any) -> bool:
        found = sure(*arguments)
        told["passed over" if found else "decided"] += 1
        return found

    monkeypatch.setattr(Idle, "sure", counted)
    for number in range(MARKETS):
        whole = trial(random.Random(seed + number), brief=False)
        brief = trial(random.Random(seed + number), brief=True)
        assert what_was_done(brief) == what_was_done(whole), f"seed {seed + number}"
        assert not any(one.verdict == "HOLD" for one in brief.decisions)
    assert min(told.values()) > 100


def test_leaving_out_the_walk_through_quiet_bars_changes_nothing(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    quick = [trial(random.Random(seed + number), brief=True) for number in range(MARKETS)]
    monkeypatch.setattr("trading.simulation.exchange.pass_bars", lambda _: False)
    slow = [trial(random.Random(seed + number), brief=True) for number in range(MARKETS)]
    assert [what_was_done(one) for one in quick] == [what_was_done(one) for one in slow]
    assert any(one.fills for one in slow)


def test_a_venue_that_sleeps_ends_where_one_that_never_does_ends(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    told, sleeps = Counter[bool](), Venue.sleeps

    def counted(*arguments: Any) -> bool:
        found = sleeps(*arguments)
        told[found] += 1
        return found

    monkeypatch.setattr(Venue, "sleeps", counted)
    quick = [trial(random.Random(seed + number), brief=True) for number in range(MARKETS)]
    monkeypatch.setattr(Venue, "sleeps", lambda *_: False)
    slow = [trial(random.Random(seed + number), brief=True) for number in range(MARKETS)]
    assert [what_was_done(one) for one in quick] == [what_was_done(one) for one in slow]
    # Most of what it could sleep through is a stretch of calm bars, of which it is not asked at all.
    assert told[True] > 10
