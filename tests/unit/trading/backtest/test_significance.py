"""Significance tests: about 5 % false alarms on noise, and a planted edge is seen."""

import numpy as np
import pytest

from trading.backtest.bootstrap import Floats, block_length
from trading.backtest.significance import mean_above_zero, timing

SEEDS = 200


def positions(chance: np.random.Generator, count: int) -> Floats:
    """Long or flat, for about 15 bars at a time."""
    made, held = np.zeros((count, 1)), 0.0
    for bar in range(count):
        if chance.random() < 1 / 15:
            held = 1.0 - held
        made[bar] = held
    return made


def test_false_alarms_on_noise() -> None:
    means, times = [], []
    for seed in range(SEEDS):
        chance = np.random.default_rng(seed)
        moves = chance.standard_t(4, (400, 1)) * 0.01
        exposures = positions(chance, 400)
        returns = (exposures * moves)[:, 0]
        means.append(mean_above_zero(returns, block_length(returns), 300, seed))
        times.append(timing(exposures, moves))
    for found in (means, times):
        assert 0.01 <= np.mean(np.array(found) <= 0.05) <= 0.095
        assert 0.4 <= np.mean(np.array(found) <= 0.5) <= 0.6


def test_a_market_that_rises_is_no_timing() -> None:
    """Being long while everything rises earns, and says nothing of when to be long."""
    found = []
    for seed in range(60):
        chance = np.random.default_rng(seed)
        moves = chance.normal(0.004, 0.01, (400, 1))
        found.append(timing(positions(chance, 400), moves))
    assert np.mean(np.array(found) <= 0.05) <= 0.15
    returns = np.random.default_rng(1).normal(0.004, 0.01, 400)
    assert mean_above_zero(returns, 1.0, 300, 1) < 0.01


def test_a_planted_edge_is_seen() -> None:
    found = []
    for seed in range(40):
        chance = np.random.default_rng(seed)
        exposures = positions(chance, 400)
        moves = chance.normal(0, 0.01, (400, 1)) + 0.004 * (exposures - 0.5)
        returns = (exposures * moves)[:, 0]
        found.append((timing(exposures, moves), mean_above_zero(returns, block_length(returns), 300, seed)))
    powers = [np.mean(np.array(each) <= 0.05) for each in zip(*found, strict=True)]
    assert powers[0] >= 0.8
    assert powers[1] >= 0.7


def test_turns_by_hand() -> None:
    """Of four turns of (1, 0, 0, 0), the one that holds the best bar is beaten by none, its neighbours by it."""
    moves = np.array([[0.03], [-0.01], [0.02], [0.01]])
    for place, share in ((0, 0.25), (2, 0.5), (3, 0.75), (1, 1.0)):
        held = np.zeros((4, 1))
        held[place] = 1.0
        assert timing(held, moves) == share
    assert timing(np.ones((4, 1)), moves) == 1.0


def test_symbols_turn_together() -> None:
    """Two symbols that pay each other: only together is a position worth nothing, whenever it is taken."""
    moves = np.random.default_rng(2).normal(0, 0.01, (50, 1))
    both = np.hstack([moves, -moves])
    held = positions(np.random.default_rng(3), 50)
    assert timing(np.hstack([held, held]), both) == 1.0


def test_losses_are_no_edge() -> None:
    returns = np.random.default_rng(1).normal(-0.002, 0.01, 400)
    assert mean_above_zero(returns, 1.0, 300, 1) > 0.9
    assert mean_above_zero(returns, 1.0, 300, 1) == mean_above_zero(returns, 1.0, 300, 1)
    assert mean_above_zero(-returns, 1.0, 300, 1) == pytest.approx(1 / 301, abs=0.01)
