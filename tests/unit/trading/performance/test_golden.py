"""Every number that empyrical and quantstats tell of real markets, told again: the same to nine digits."""

import json
import os
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from trading.performance.alpha import alpha
from trading.performance.beta import beta
from trading.performance.cagr import cagr
from trading.performance.calmar import calmar
from trading.performance.capture import down_capture, up_capture
from trading.performance.correlation import correlation
from trading.performance.cumulative_return import cumulative_return
from trading.performance.downside_risk import downside_risk
from trading.performance.drawdown import deepest, drawdowns
from trading.performance.equity import Valuation
from trading.performance.expected_shortfall import historical_expected_shortfall, normal_expected_shortfall
from trading.performance.gain_to_pain import gain_to_pain
from trading.performance.kelly import kelly
from trading.performance.kurtosis import kurtosis
from trading.performance.omega import omega
from trading.performance.payoff_ratio import payoff_ratio
from trading.performance.recovery_factor import recovery_factor
from trading.performance.returns import returns
from trading.performance.sharpe import sharpe
from trading.performance.skew import skew
from trading.performance.sortino import sortino
from trading.performance.stability import stability
from trading.performance.tail_ratio import tail_ratio
from trading.performance.ulcer_index import ulcer_index
from trading.performance.value_at_risk import historical_value_at_risk, normal_value_at_risk
from trading.performance.volatility import volatility
from trading.performance.winning_bars import winning_bars

YEAR = 365.0
#: The reference computed its captures with empyrical's own default of business days: it takes no other there.
CAPTURE_YEAR = 252.0
CLOSE = 1e-9
SYMBOLS = ("BTC", "ETH", "BNB")
Curve = list[Valuation]
Measure = Callable[[Curve, list[float]], float | None]

EMPYRICAL: dict[str, Measure] = {
    "cum_return": lambda _, r: cumulative_return(r),
    "annual_return": lambda _, r: cagr(r, YEAR),
    "annual_volatility": lambda _, r: volatility(r, YEAR),
    "sharpe": lambda _, r: sharpe(r, YEAR),
    "sortino": lambda _, r: sortino(r, YEAR),
    "calmar": lambda curve, r: calmar(r, float(deepest(curve)), YEAR),
    "max_drawdown": lambda curve, _: float(deepest(curve)),
    "omega_0": lambda _, r: omega(r),
    "tail_ratio": lambda _, r: tail_ratio(r),
    "downside_risk": lambda _, r: downside_risk(r, YEAR),
    "var_5pct_hist": lambda _, r: historical_value_at_risk(r),
    "cvar_5pct_hist": lambda _, r: historical_expected_shortfall(r),
    "stability": lambda _, r: stability(r),
}
QUANTSTATS: dict[str, Measure] = {
    "sharpe": EMPYRICAL["sharpe"],
    "sortino": EMPYRICAL["sortino"],
    "volatility": EMPYRICAL["annual_volatility"],
    "max_drawdown": EMPYRICAL["max_drawdown"],
    "var_95_normal": lambda _, r: normal_value_at_risk(r),
    "cvar_95": lambda _, r: normal_expected_shortfall(r),
    "ulcer_index": lambda curve, _: ulcer_index(drawdowns(curve)),
    "skew": lambda _, r: skew(r),
    "kurtosis": lambda _, r: kurtosis(r),
    "win_rate": lambda _, r: winning_bars(r),
    "payoff_ratio": lambda _, r: payoff_ratio(r),
    "profit_factor": lambda _, r: omega(r),
    "gain_to_pain": lambda _, r: gain_to_pain(r),
    "kelly": lambda _, r: kelly(r),
    "recovery_factor": lambda curve, r: recovery_factor(r, float(deepest(curve))),
}
AGAINST: dict[str, Callable[[list[float], list[float]], float | None]] = {
    "n": lambda own, _: float(len(own)),
    "alpha_annual": lambda own, market: alpha(own, market, YEAR),
    "beta": beta,
    "corr": correlation,
    "up_capture": lambda own, market: up_capture(own, market, CAPTURE_YEAR),
    "down_capture": lambda own, market: down_capture(own, market, CAPTURE_YEAR),
}
pytestmark = pytest.mark.data


def folder() -> Path:
    return Path(os.environ["TRADEWIND_TEST_DATA"])


def golden() -> dict[str, Any]:
    return json.loads((folder() / "reference" / "metrics_golden.json").read_text())


def held(symbol: str, first: date, last: date) -> Curve:
    """Return what one coin is worth at the last close of each UTC day, from the day before `first` on."""
    days = (
        pl.read_parquet(folder() / "candles" / "1h_binance" / f"binance_{symbol}USDT_1h.parquet")
        .sort("ts")
        .group_by(pl.col("ts").dt.date().alias("day"), maintain_order=True)
        .agg(pl.col("close").last())
        .filter(pl.col("day").is_between(pl.lit(first).dt.offset_by("-1d"), last))
    )
    start = Decimal(repr(days["close"][0]))
    return [
        Valuation(datetime.combine(day, time(), UTC), Decimal(0), price, price, Decimal(0), start)
        for day, close in days.iter_rows()
        for price in (Decimal(repr(close)),)
    ]


def curve_of(symbol: str) -> Curve:
    told = golden()[symbol]
    return held(symbol, date.fromisoformat(told["first"]), date.fromisoformat(told["last"]))


def floats(curve: Curve) -> list[float]:
    return [float(earned) for earned in returns(curve)]


def test_every_number_of_the_reference_is_asked_for() -> None:
    told = golden()
    assert told["convention"]["annualization"] == YEAR
    assert told["benchmark"] == "BTC"
    assert {name for name, value in told.items() if isinstance(value, dict) and "n" in value} == set(SYMBOLS)
    for symbol in SYMBOLS:
        assert set(told[symbol]["empyrical"]) == set(EMPYRICAL)
        assert set(told[symbol]["quantstats"]) == set(QUANTSTATS)
        assert set(told[symbol].get("vs_benchmark", AGAINST)) == set(AGAINST)


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_the_candles_are_those_of_the_reference(symbol: str) -> None:
    told, curve = golden()[symbol], curve_of(symbol)
    assert len(curve) - 1 == told["n"]
    assert [str(point.ts.date()) for point in (curve[1], curve[-1])] == [told["first"], told["last"]]


@pytest.mark.parametrize("library", ["empyrical", "quantstats"])
@pytest.mark.parametrize("symbol", SYMBOLS)
def test_measures_equal_the_libraries(symbol: str, library: str) -> None:
    curve = curve_of(symbol)
    earned = floats(curve)
    measures = EMPYRICAL if library == "empyrical" else QUANTSTATS
    told = {name: measure(curve, earned) for name, measure in measures.items()}
    assert told == pytest.approx(golden()[symbol][library], rel=CLOSE, abs=0)


@pytest.mark.parametrize("symbol", ["ETH", "BNB"])
def test_measures_against_a_benchmark_equal_the_libraries(symbol: str) -> None:
    own, market = floats(curve_of(symbol)), floats(curve_of("BTC"))
    told = {name: measure(own, market) for name, measure in AGAINST.items()}
    assert told == pytest.approx(golden()[symbol]["vs_benchmark"], rel=CLOSE, abs=0)
