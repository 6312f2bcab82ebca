"""The measures of a tear sheet on returns that can be checked by hand, and their silence where nothing can be said."""

import math
import statistics
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.performance.alpha import alpha
from trading.performance.beta import beta
from trading.performance.cagr import cagr, compound
from trading.performance.calmar import calmar
from trading.performance.capture import down_capture, up_capture
from trading.performance.correlation import correlation
from trading.performance.cumulative_return import cumulative_return
from trading.performance.downside_risk import downside_risk
from trading.performance.expected_shortfall import historical_expected_shortfall, normal_expected_shortfall
from trading.performance.gain_to_pain import gain_to_pain
from trading.performance.histogram import histogram, unchanged
from trading.performance.kelly import kelly
from trading.performance.kurtosis import kurtosis
from trading.performance.omega import omega
from trading.performance.payoff_ratio import payoff_ratio
from trading.performance.quantile import quantile
from trading.performance.recovery_factor import recovery_factor
from trading.performance.skew import skew
from trading.performance.stability import stability
from trading.performance.tail_ratio import tail_ratio
from trading.performance.ulcer_index import ulcer_index
from trading.performance.value_at_risk import historical_value_at_risk, normal_value_at_risk
from trading.performance.volatility import volatility
from trading.performance.winning_bars import winning_bars

DAILY = 365.0
#: Two gains for each loss, and one bar of four on which nothing moved.
MIXED = [0.02, 0.01, 0.0, -0.01] * 10
FLAT = [0.0] * 40
series = st.lists(st.floats(-0.5, 0.5), min_size=1, max_size=60)


def test_compounding_by_hand() -> None:
    assert cumulative_return([0.1, -0.5]) == pytest.approx(-0.45)
    assert cumulative_return([]) == 0
    assert compound([0.1, 0.1], 4) == pytest.approx(1.1**4 - 1)
    assert cagr([0.001] * 73, DAILY) == pytest.approx(1.001**365 - 1)
    assert cagr([0.5] * 40 + [-1.0], DAILY) == -1


def test_what_is_told_a_year_needs_a_month() -> None:
    short = MIXED[:30]
    assert len(short) == 30
    for measure in (cagr, volatility, downside_risk):
        assert measure(short, DAILY) is None
        assert measure(MIXED, DAILY) is not None
    assert calmar(short, -0.1, DAILY) is None
    assert alpha(short, short[::-1], DAILY) is None


def test_deviations_by_hand() -> None:
    assert volatility(MIXED, DAILY) == pytest.approx(math.sqrt(0.000125 * 40 / 39 * 365))
    assert downside_risk(MIXED, DAILY) == pytest.approx(0.01 / 2 * math.sqrt(365))


def test_gains_and_losses_by_hand() -> None:
    assert omega(MIXED) == pytest.approx(3)
    assert gain_to_pain(MIXED) == pytest.approx(2)
    assert winning_bars(MIXED) == pytest.approx(2 / 3)
    assert payoff_ratio(MIXED) == pytest.approx(1.5)
    assert payoff_ratio([0.1]) is payoff_ratio([-0.1]) is kelly([-0.1]) is None
    assert kelly(MIXED) == pytest.approx(2 / 3 - (1 / 3) / 1.5)


def test_drawdown_ratios_keep_the_sign_of_what_was_earned() -> None:
    assert calmar([-0.001] * 40, -0.5, DAILY) == pytest.approx((0.999**365 - 1) / 0.5)
    assert recovery_factor([-0.1, -0.1], -0.19) == pytest.approx(-0.2 / 0.19)
    assert recovery_factor(MIXED, 0.0) is None
    assert calmar(MIXED, 0.0, DAILY) is None
    assert ulcer_index([0.0, 0.0, -0.3, -0.4]) == pytest.approx(math.sqrt((0.09 + 0.16) / 2))
    assert ulcer_index([0.0, -0.1]) is None


def test_the_tails_by_hand() -> None:
    hundred = [number / 1000 for number in range(-50, 51)]
    assert quantile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert quantile([1.0, 2.0], 0.25) == 1.25
    assert quantile([7.0], 0.95) == 7.0
    assert historical_value_at_risk(hundred) == pytest.approx(-0.045)
    assert historical_expected_shortfall(hundred) == pytest.approx(statistics.fmean(hundred[:6]))
    assert tail_ratio(hundred) == pytest.approx(1)
    deviation = statistics.stdev(hundred)
    assert normal_value_at_risk(hundred) == pytest.approx(-1.6448536 * deviation)
    assert normal_expected_shortfall(hundred) == pytest.approx(-2.0627128 * deviation)
    assert normal_value_at_risk(hundred, 0.01) == pytest.approx(-2.3263479 * deviation)


def test_shape_by_hand() -> None:
    assert skew([-1.0, 0.0, 1.0]) == 0
    assert skew([0.0, 0.0, 3.0]) == pytest.approx(math.sqrt(3))
    assert kurtosis([1.0, 2.0, 3.0, 4.0]) == pytest.approx(-1.2)
    assert stability([0.01] * 20) == pytest.approx(1)
    assert stability([-0.01] * 20) == pytest.approx(1)


def test_a_book_that_follows_its_benchmark_by_half() -> None:
    market = [0.02, -0.01, 0.03, -0.02] * 10
    own = [0.001 + move / 2 for move in market]
    assert beta(own, market) == pytest.approx(0.5)
    assert correlation(own, market) == pytest.approx(1)
    assert alpha(own, market, DAILY) == pytest.approx(1.001**365 - 1)
    assert up_capture(own, market) == pytest.approx((math.sqrt(1.011 * 1.016) - 1) / (math.sqrt(1.02 * 1.03) - 1))
    assert down_capture(own, market) == pytest.approx((1 - math.sqrt(0.996 * 0.991)) / (1 - math.sqrt(0.99 * 0.98)))
    assert up_capture(own, market, 12) == pytest.approx(((1.011 * 1.016) ** 6 - 1) / ((1.02 * 1.03) ** 6 - 1))


def test_nothing_is_told_where_nothing_moved() -> None:
    alone = (omega, gain_to_pain, winning_bars, payoff_ratio, kelly, tail_ratio, skew, kurtosis, stability)
    assert [measure(FLAT) for measure in alone] == [None] * len(alone)
    against = (beta, correlation, up_capture, down_capture)
    assert [measure(MIXED, FLAT) for measure in against] == [None] * len(against)
    assert alpha(MIXED, FLAT, DAILY) is None
    assert correlation(FLAT, MIXED) is None


def test_nothing_is_told_of_nothing() -> None:
    alone = (omega, gain_to_pain, winning_bars, payoff_ratio, kelly, tail_ratio, skew, kurtosis, stability)
    risks = (historical_value_at_risk, historical_expected_shortfall, normal_value_at_risk, normal_expected_shortfall)
    assert [measure([]) for measure in (*alone, *risks)] == [None] * (len(alone) + len(risks))
    assert stability([0.1, -1.0]) is None
    assert histogram([]) == histogram([0.0, 0.0, 0.01]) == []


def test_what_arithmetic_leaves_over_is_no_move() -> None:
    assert unchanged([0.0, 1e-10, -1e-10, 1e-8]) == 3
    assert [(each.low, each.high, each.count) for each in histogram([0.01, -0.01, 0.0], 4)] == [
        (None, -0.025, 0),
        (-0.025, 0.0, 1),
        (0.0, 0.025, 1),
        (0.025, None, 0),
    ]


@given(series)
def test_the_distribution_counts_every_bar_that_moved_once(returns: list[float]) -> None:
    ranges = histogram(returns)
    moved = len(returns) - unchanged(returns)
    assert unchanged(returns) >= returns.count(0.0)
    assert sum(each.count for each in ranges) == (moved if moved > 1 else 0)
    if ranges:
        assert ranges[0].low is ranges[-1].high is None
        assert all(before.high == after.low for before, after in pairwise(ranges))
        assert any(each.low == 0 for each in ranges)
        assert len(ranges) <= 30


@given(series)
def test_the_worst_share_is_worse_than_where_it_begins(returns: list[float]) -> None:
    risk, shortfall = historical_value_at_risk(returns), historical_expected_shortfall(returns)
    assert risk is not None
    assert shortfall is not None
    assert min(returns) - 1e-12 <= shortfall <= risk + 1e-12
