"""The measures of a tear sheet: told where there are enough bars, for chance alone makes ratios of any size."""

from collections.abc import Sequence
from typing import Any

from trading.performance.alpha import alpha
from trading.performance.beta import beta
from trading.performance.cagr import cagr
from trading.performance.calmar import calmar
from trading.performance.capture import down_capture, up_capture
from trading.performance.correlation import correlation
from trading.performance.downside_risk import downside_risk
from trading.performance.drawdown import drawdowns
from trading.performance.equity import Valuation
from trading.performance.expected_shortfall import historical_expected_shortfall, normal_expected_shortfall
from trading.performance.gain_to_pain import gain_to_pain
from trading.performance.histogram import histogram, unchanged
from trading.performance.kelly import kelly
from trading.performance.kurtosis import kurtosis
from trading.performance.omega import omega
from trading.performance.payoff_ratio import payoff_ratio
from trading.performance.recovery_factor import recovery_factor
from trading.performance.returns import returns
from trading.performance.sharpe import least_returns, sharpe
from trading.performance.skew import skew
from trading.performance.sortino import sortino
from trading.performance.stability import stability
from trading.performance.tail_ratio import tail_ratio
from trading.performance.ulcer_index import ulcer_index
from trading.performance.value_at_risk import historical_value_at_risk, normal_value_at_risk
from trading.performance.volatility import volatility
from trading.performance.winning_bars import winning_bars


def of(curve: Sequence[Valuation], held: Sequence[Valuation], bars_per_year: float) -> dict[str, Any]:
    """Return the measures of `curve`, of the benchmark `held` and of one against the other, as floats.

    `measures`, `benchmark` and `against` are None for fewer than `least_bars` returns; the distribution always counts.
    """
    own, market = ([float(earned) for earned in returns(each)] for each in (curve, held))
    least = least_returns(bars_per_year)
    enough = len(own) >= least
    return {
        "least_bars": least,
        "measures": _alone(curve, own, bars_per_year) if enough else None,
        "benchmark": _alone(held, market, bars_per_year) if enough else None,
        "against": _against(own, market, bars_per_year) if enough else None,
        "distribution": {
            "ranges": [vars(each) for each in histogram(own)],
            "unchanged": unchanged(own),
            "best": max(own, default=None),
            "worst": min(own, default=None),
        },
    }


def _alone(curve: Sequence[Valuation], own: Sequence[float], bars_per_year: float) -> dict[str, float | None]:
    below = drawdowns(curve)
    deepest = float(min(below))
    return {
        "cagr": cagr(own, bars_per_year),
        "volatility": volatility(own, bars_per_year),
        "downside_risk": downside_risk(own, bars_per_year),
        "sharpe": sharpe(own, bars_per_year),
        "sortino": sortino(own, bars_per_year),
        "calmar": calmar(own, deepest, bars_per_year),
        "ulcer_index": ulcer_index(below),
        "recovery_factor": recovery_factor(own, deepest),
        "stability": stability(own),
        "omega": omega(own),
        "gain_to_pain": gain_to_pain(own),
        "winning_bars": winning_bars(own),
        "payoff_ratio": payoff_ratio(own),
        "kelly": kelly(own),
        "tail_ratio": tail_ratio(own),
        "skew": skew(own),
        "kurtosis": kurtosis(own),
        "historical_value_at_risk": historical_value_at_risk(own),
        "normal_value_at_risk": normal_value_at_risk(own),
        "historical_expected_shortfall": historical_expected_shortfall(own),
        "normal_expected_shortfall": normal_expected_shortfall(own),
    }


def _against(own: Sequence[float], market: Sequence[float], bars_per_year: float) -> dict[str, float | None]:
    return {
        "alpha": alpha(own, market, bars_per_year),
        "beta": beta(own, market),
        "correlation": correlation(own, market),
        "up_capture": up_capture(own, market),
        "down_capture": down_capture(own, market),
    }
