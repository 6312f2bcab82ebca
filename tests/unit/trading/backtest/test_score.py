"""Scores by hand: each objective, the cost of leaving, and what cannot be told."""

import math
import statistics
from decimal import Decimal

import pytest

from tests.unit.trading.backtest.made import engine, obedient, still
from trading.backtest.score import OBJECTIVES, Objective, Score, difference, earned, score, yearly
from trading.strategies import registry

SCORE = Score(1.5, 100, 7, 0.01, -0.02, 0.03, 0.4, 5.0)
MADE = [0.01, -0.02, 0.03, 0.0, 0.01] * 8


def test_every_objective_by_hand() -> None:
    level = math.prod(1 + each for each in MADE)
    mean, deviation = statistics.fmean(MADE), statistics.stdev(MADE)
    downside = math.sqrt(8 * 0.02**2 / 40)
    values: dict[Objective, float] = {
        "return": level - 1,
        "sharpe": mean / deviation * 10,
        "sortino": mean / downside * 10,
        "calmar": mean * 100 / 0.02,
    }
    assert set(values) == set(OBJECTIVES)
    for objective, value in values.items():
        found = score(MADE, 7, objective, 100.0)
        assert found.value == pytest.approx(value)
        assert (found.bars, found.trades, found.earned) == (40, 7, pytest.approx(level - 1))
        assert found.drawdown == pytest.approx(-0.02)
        assert yearly(found.sharpe, 100.0) == pytest.approx(values["sharpe"])


def test_what_cannot_be_told() -> None:
    flat, rising = [0.0] * 40, [0.01, 0.02] * 20
    assert {name: score(flat, 0, name, 100.0).value for name in OBJECTIVES} == {
        "sharpe": None,
        "sortino": None,
        "calmar": None,
        "return": 0.0,
    }
    assert score(flat, 0, "sharpe", 100.0).sharpe == 0.0
    assert score(rising, 2, "sortino", 100.0).value is None
    assert score(rising, 2, "calmar", 100.0).value is None
    assert score([0.01] * 29, 2, "sharpe", 100.0).value is None


def test_short_bars_do_not_overflow() -> None:
    found = [score([0.05, -0.01] * 20, 2, name, 525_600.0).value for name in OBJECTIVES]
    assert all(value is not None and math.isfinite(value) for value in found)


def test_what_is_held_at_the_end_is_sold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.STRATEGIES, "one", obedient("one"))  # pyright: ignore[reportArgumentType]
    tested = engine([still(10_000)] * 4, [1.0, 1.0, 1.0]).run()
    assert tested.curve[-1].positions > 0
    free, paid = earned(tested, Decimal(0)), earned(tested, Decimal("0.01"))
    assert paid[:-1] == free[:-1]
    share = float(tested.curve[-1].positions / tested.curve[-1].equity)
    assert 1 + paid[-1] == pytest.approx((1 + free[-1]) * (1 - 0.01 * share))
    sold = engine([still(10_000)] * 4, [1.0, 0.0, 0.0]).run()
    assert earned(sold, Decimal("0.01")) == pytest.approx(earned(sold, Decimal(0)), abs=1e-6)


def test_scores_are_compared_figure_by_figure() -> None:
    assert difference(SCORE, SCORE) == ""
    assert difference(Score(None, *list(vars(SCORE).values())[1:]), SCORE) == "value (None, not 1.5)"
    for name, value in vars(SCORE).items():
        if name in ("bars", "trades"):
            other, near = value + 1, value
        else:
            scale = max(1.0, abs(value)) * (1_000 if name == "value" else 1)
            other, near = value + 3e-9 * scale, value + 0.3e-9 * scale
        assert difference(Score(**{**vars(SCORE), name: other}), SCORE).startswith(f"{name} (")
        assert difference(Score(**{**vars(SCORE), name: near}), SCORE) == ""
