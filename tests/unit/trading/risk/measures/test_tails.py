"""Value at risk, shortfall, their parts and their test, against numbers made by hand and by scikit-learn."""

import math
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from statistics import NormalDist, fmean

import numpy as np
import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from trading.errors import BadData
from trading.performance.closes import Close
from trading.performance.expected_shortfall import historical_expected_shortfall, normal_expected_shortfall
from trading.performance.value_at_risk import normal_value_at_risk
from trading.risk.measures.contribution import marginal_expected_shortfall, marginal_value_at_risk
from trading.risk.measures.ewma import deviations, standardised
from trading.risk.measures.forecast import forecasts
from trading.risk.measures.historical_simulation import filtered, historical, least, normal, profits
from trading.risk.measures.history import DAY, History, history
from trading.risk.measures.kupiec import kupiec
from trading.risk.measures.shrinkage import correlations
from trading.risk.measures.volatility import daily_volatility

NOW = datetime(2024, 3, 31, 18, tzinfo=UTC)
HOUR = timedelta(hours=1)
#: -100, -99, ... 99: a hundred days of loss and a hundred that do not lose.
LINE = [float(number) for number in range(-100, 100)]


def close(symbol: str, end: datetime, price: str, known: timedelta = timedelta(0)) -> Close:
    return Close(symbol, end - HOUR, end + known, Decimal(price))


def test_days_end_at_the_hour_of_now_and_holes_stay_holes() -> None:
    rows = [
        close("A", NOW - 2 * DAY, "100"),
        close("A", NOW - 2 * DAY - HOUR, "7"),  # no day ends here
        close("A", NOW, "110"),
        close("A", NOW, "999", HOUR),  # not known yet
        close("B", NOW - 2 * DAY, "50"),
        close("B", NOW - DAY, "40"),
        close("B", NOW - DAY, "45", timedelta(minutes=1)),  # a newer version
        close("B", NOW, "54"),
    ]
    past = history(rows, ("A", "B", "C"), NOW, HOUR)
    assert list(past.ends) == [NOW - 2 * DAY, NOW - DAY, NOW]
    assert past.closes["A"][0] == 100
    assert math.isnan(past.closes["A"][1])
    assert past.returns(["B"])[:, 0] == pytest.approx([-0.1, 0.2])
    assert past.returns(["A"], 2)[:, 0] == pytest.approx([0.1])
    assert len(past.returns(["A", "B"])) == len(past.returns(["C"])) == 0
    assert len(past.returns(["B"], 99)) == 0
    with pytest.raises(BadData, match=r"A closes at 0"):
        history([close("A", NOW, "0")], ("A",), NOW, HOUR)
    assert len(history([], ("A",), NOW, HOUR).returns(["A"])) == 0


def test_the_historical_tail_by_hand() -> None:
    tail = historical(LINE, 0.05, 1)
    # Place 199 x 0.05 = 9.95 of the ordered profits; the mean of the ten worst.
    assert tail.value_at_risk == pytest.approx(-100 + 9.95)
    assert tail.expected_shortfall == pytest.approx(-95.5)
    assert (tail.returns, tail.why) == (200, "")
    assert historical(LINE, 0.01, 1).expected_shortfall == pytest.approx(-99.5)
    assert historical(LINE[:99], 0.01, 1).why == "99 of at least 100 days"
    assert historical(LINE, 0.05, 10, 10).why == "20 of at least 30 windows of 10 days apart from each other"
    assert historical(LINE * 2, 0.05, 10, 10).value_at_risk is not None
    assert (least(0.05), least(0.01), least(0.001)) == (30, 100, 1000)


def test_a_normal_tail_of_ten_days_has_ten_means_and_the_root_of_ten_deviations() -> None:
    day, ten = normal(LINE, 0.05), normal(LINE, 0.05, 10)
    assert day.value_at_risk == pytest.approx(normal_value_at_risk(LINE, 0.05))
    assert day.expected_shortfall == pytest.approx(normal_expected_shortfall(LINE, 0.05))
    assert day.value_at_risk is not None
    assert ten.value_at_risk is not None
    assert ten.value_at_risk - 10 * -0.5 == pytest.approx(math.sqrt(10) * (day.value_at_risk + 0.5))
    assert normal(LINE[:29], 0.05).value_at_risk is None


def test_filtered_profits_have_the_volatility_of_now() -> None:
    assert deviations([3.0, 4.0], 0.5) == pytest.approx(
        [math.sqrt(12.5), math.sqrt(0.5 * 12.5 + 4.5), math.sqrt(0.25 * 12.5 + 2.25 + 8)]
    )
    # A calm past before a wild now: what was small then would be large now.
    calm_then_wild = [1.0, -1.0] * 50 + [10.0, -10.0] * 20
    then = standardised(calm_then_wild)
    assert abs(then[60]) > 5
    tail, plain = filtered(calm_then_wild, 0.05), historical(calm_then_wild, 0.05, 1)
    assert tail.value_at_risk is not None
    assert plain.value_at_risk is not None
    assert filtered(calm_then_wild, 0.05, 10).value_at_risk == pytest.approx(math.sqrt(10) * tail.value_at_risk)
    # And a wild past before a calm now: the filtered loss is the smaller one.
    calm_now = filtered(calm_then_wild[::-1], 0.05).value_at_risk
    assert calm_now is not None
    assert plain.value_at_risk == -10
    assert -3 < calm_now < -0.5
    assert filtered([0.0] * 40, 0.05).value_at_risk == 0
    assert filtered(LINE[:20], 0.05).why == "20 of at least 30 days"


@st.composite
def held(draw: st.DrawFn) -> tuple[np.ndarray, list[float]]:
    symbols, days = draw(st.integers(1, 5)), draw(st.integers(30, 80))
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    returns = rng.normal(0, 0.03, (days, symbols)) + rng.normal(0, 0.02, (days, 1))
    return returns, [draw(st.floats(1, 1e6)) for _ in range(symbols)]


@seed(20261127)
@settings(max_examples=60)
@given(held(), st.sampled_from([0.05, 0.01]))
def test_components_add_up_to_the_whole(case: tuple[np.ndarray, list[float]], level: float) -> None:
    returns, values = case
    earned = profits(returns, values)
    at_risk = marginal_value_at_risk(returns, values, level)
    shortfall = marginal_expected_shortfall(returns, values, level)
    assert sum(map(float.__mul__, at_risk, values)) == pytest.approx(normal_value_at_risk(earned, level), rel=1e-9)
    assert sum(map(float.__mul__, shortfall, values)) == pytest.approx(
        historical_expected_shortfall(earned, level), rel=1e-9
    )
    # Marginal: what a little more of the first brings, found by making it so.
    little = values[0] * 1e-6
    more = normal_value_at_risk(profits(returns, [values[0] + little, *values[1:]]), level)
    before = normal_value_at_risk(earned, level)
    assert more is not None
    assert before is not None
    assert (more - before) / little == pytest.approx(at_risk[0], rel=1e-3, abs=1e-6)


def test_marginal_risk_of_two_symbols_by_hand() -> None:
    # Deviations 2 % and none: all risk is the first's.
    returns = np.array([[0.02, 0.01], [-0.02, 0.01]] * 20)
    first, second = marginal_value_at_risk(returns, [100.0, 300.0], 0.05)
    spread = math.sqrt(40 / 39) * 0.02
    assert first == pytest.approx(NormalDist().inv_cdf(0.05) * spread)
    assert second == pytest.approx(0.01)
    assert marginal_value_at_risk(returns, [0.0, 0.0], 0.05) == pytest.approx([0.0, 0.01])


def test_kupiec_by_hand() -> None:
    forecasts_, results = [-10.0] * 200, [-11.0] * 20 + [1.0] * 180
    found = kupiec(forecasts_, results, 0.05)
    # 2 (ln(0.1^20 0.9^180) - ln(0.05^20 0.95^180)); the 5 % point of chi-squared is 3.84.
    by_hand = 2 * (20 * math.log(0.1 / 0.05) + 180 * math.log(0.9 / 0.95))
    assert (found.days, found.exceedances, found.expected) == (200, 20, 10)
    assert found.ratio == pytest.approx(by_hand)
    assert by_hand == pytest.approx(8.262, abs=1e-3)
    assert found.p_value == pytest.approx(0.00405, abs=1e-5)
    assert kupiec(forecasts_, [1.0] * 200, 0.05).p_value == pytest.approx(math.erfc(math.sqrt(-200 * math.log(0.95))))
    assert kupiec(forecasts_, [-11.0] * 10 + [1.0] * 190, 0.05).p_value == pytest.approx(1.0)
    assert kupiec([-1.0] * 99, [0.0] * 99, 0.05).why == "99 of at least 100 days"
    # To fall to the value at risk is not to fall below it.
    assert kupiec([-1.0] * 100, [-1.0] * 100, 0.05).exceedances == 0


def test_a_forecast_rests_on_the_days_before_it_alone() -> None:
    prices = np.array([100.0 * 1.01 ** (n % 2) for n in range(60)])
    ends = [NOW - (59 - n) * DAY for n in range(60)]
    results = dict.fromkeys(ends[:-1], -1.0)
    owned = {end: {"A": 1000.0} for end in ends}
    whole = forecasts(History(ends, {"A": prices}), owned, results, 0.05)
    assert [day.ts for day in whole] == ends[31:]
    changed = prices.copy()
    changed[50:] *= 0.5 ** np.arange(1, 11)
    cut = forecasts(History(ends, {"A": changed}), owned, results, 0.05)
    assert cut[:20] == whole[:20]
    assert cut[-1].value_at_risk < whole[-1].value_at_risk
    assert forecasts(History(ends, {"A": prices}), {end: {"A": 0.0} for end in ends}, results, 0.05) == []


def test_shrunk_correlations_are_those_of_scikit_learn() -> None:
    from sklearn.covariance import ledoit_wolf

    rng = np.random.default_rng(5)
    returns = rng.normal(0, 0.02, (60, 4)) + rng.normal(0, 0.02, (60, 1))
    found = correlations(returns)
    apart = (returns - returns.mean(axis=0)) / returns.std(axis=0)
    theirs, amount = ledoit_wolf(apart)
    assert found is not None
    assert found.shrinkage == pytest.approx(amount)
    assert 0 < found.shrinkage < 1
    assert found.matrix == pytest.approx(theirs)


def test_correlations_where_nothing_can_be_told() -> None:
    assert correlations(np.zeros((1, 2))) is None
    still = correlations(np.array([[0.0, 0.01], [0.0, -0.01], [0.0, 0.02]]))
    assert still is not None
    assert math.isnan(still.matrix[0, 1])
    assert still.matrix[1, 1] == 1
    alone = correlations(np.random.default_rng(1).normal(0, 0.02, (500, 1)))
    assert alone is not None
    assert (alone.shrinkage, alone.matrix[0, 0]) == (0, 1)
    nothing = correlations(np.zeros((5, 2)))
    assert nothing is not None
    assert nothing.shrinkage == 0


def test_daily_volatility() -> None:
    assert daily_volatility([1.0, -1.0] * 20, 100.0) == pytest.approx(math.sqrt(40 / 39) / 100)
    assert daily_volatility([1.0] * 29, 100.0) is None
    assert daily_volatility([1.0] * 30, 0.0) is None
    assert fmean(LINE) == -0.5
