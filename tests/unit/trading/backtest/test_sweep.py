"""Sweeps: scores that are those of the curve, sets that may be many, code that may be kept."""

import os
import random
import subprocess
import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.unit.trading.backtest.kernel_cases import COLUMNS, SYMBOL, Case, case
from trading.backtest.compiled.inputs import Known
from trading.backtest.ground import Terms, Window, columns, rules
from trading.backtest.score import score
from trading.backtest.sweep import Ground, given, ground, sweep, traced
from trading.errors import Misconfigured
from trading.instrument import Instrument
from trading.limits import Limits
from trading.strategies.follow_forecast import FollowForecast
from trading.strategies.mean_reversion import MeanReversion
from trading.strategies.trend import Trend

D = Decimal
INSTRUMENT = Instrument("venue", SYMBOL, "BTC", "USDT", D("0.01"), D("0.001"), D("0.001"), D(5), D("0.001"), D("0.001"))
SETS = [Trend(gap="ema_gap_12", entry=0.2 * place, exit=-0.5, stop_multiple=place) for place in range(1, 8)]


def sound(seed: int, **changes: object) -> tuple[Case, Ground]:
    """A case that trades, on plain terms."""
    made = case(random.Random(seed), "trend", Trend(), steps=400)
    terms = Terms(INSTRUMENT, Limits(max_drawdown=D(1), target_volatility=D("0.5")), D(100_000), D(1))
    window = Window(made.setup.timeframe, made.setup.start, made.setup.steps)
    return made, ground(made.bars, made.source, window, replace(terms, **changes), COLUMNS)


def test_the_scores_are_those_of_the_curve(seed: int) -> None:
    _, found = sound(seed)
    frame = sweep(found, SETS)
    assert frame["entry"].to_list() == [one.entry for one in SETS]
    assert frame["trades"].sum() > 0
    for row, one in zip(frame.iter_rows(named=True), SETS, strict=True):
        curve, fills = traced(found, one)
        made = [float(each) for each in curve[1:] / curve[:-1] - 1]
        told = score(made, len(fills), "sharpe", 8760.0)
        assert (row["bars"], row["trades"]) == (told.bars, told.trades)
        assert row["equity"] == curve[-1]
        for name in ("earned", "drawdown", "sharpe", "skew", "kurtosis"):
            assert (row[name] or 0.0) == pytest.approx(getattr(told, name), rel=1e-6, abs=1e-9), name
        assert row["mean"] == pytest.approx(np.mean(made), rel=1e-9, abs=1e-15)
        assert row["deviation"] == pytest.approx(np.std(made, ddof=1), rel=1e-6, abs=1e-12)
        assert row["downside"] == pytest.approx(np.sqrt(np.mean(np.minimum(made, 0) ** 2)), rel=1e-9, abs=1e-15)


def test_threads_change_nothing(seed: int) -> None:
    _, found = sound(seed)
    for sets in (SETS, SETS[:1]):
        assert sweep(found, sets, workers=3).equals(sweep(found, sets))


def test_the_sets_of_one_call_know_nothing_of_each_other(seed: int) -> None:
    _, found = sound(seed)
    assert sweep(found, SETS).equals(pl.concat([sweep(found, [one]) for one in SETS]))


def test_what_is_held_at_the_end_is_sold_at_its_cost(seed: int) -> None:
    slots = np.full((1, 402), 0.5), np.full((1, 402), np.nan)
    (_, kept), (_, sold) = sound(seed), sound(seed, leaving=0.01)
    held, left = given(kept, *slots), given(sold, *slots)
    assert held["positions"][0] > 0
    assert left["equity"][0] == pytest.approx(held["equity"][0] - 0.01 * held["positions"][0], rel=1e-12)


def test_what_the_kernel_cannot_do_it_says(seed: int) -> None:
    made, found = sound(seed)
    for sets in ([FollowForecast()], [Trend(), MeanReversion()]):
        with pytest.raises(Misconfigured, match="kernel: no rule for"):
            sweep(found, sets)
    with pytest.raises(Misconfigured, match="reads 'adx_14', which the ground lacks"):
        sweep(replace(found, names=("ema_gap_48",)), [Trend()])
    window = Window(made.setup.timeframe, made.setup.start + made.setup.timeframe.delta / 2, 3)
    with pytest.raises(Misconfigured, match="opens at"):
        ground(made.bars, made.source, window, Terms(INSTRUMENT, Limits(), D(1000)), COLUMNS)
    for changes in ({"tick": D("1E-14")}, {"lot": D("1E-19")}, {"status": "BREAK"}):
        with pytest.raises(Misconfigured, match="kernel: "):
            rules(Terms(replace(INSTRUMENT, **changes), Limits(), D(100_000)), found.market)
    with pytest.raises(Misconfigured, match="no trading hours"):
        rules(Terms(INSTRUMENT, Limits(closed=("sun",)), D(100_000)), found.market)
    with pytest.raises(Misconfigured, match="max_loss"):
        rules(Terms(INSTRUMENT, Limits(max_loss=D("0.02")), D(100_000)), found.market)
    for legs in (Limits(max_legs=3), Limits(leg_spacing=D("0.01"))):
        with pytest.raises(Misconfigured, match="max_legs"):
            rules(Terms(INSTRUMENT, legs, D(100_000)), found.market)


def test_compiled_code_is_kept_where_it_is_told_to_be_and_nowhere_else(tmp_path: Path) -> None:
    program = f"""
import sys
from pathlib import Path
sys.path.insert(0, "")
from tests.unit.trading.backtest.test_sweep import SETS, sound
from trading.backtest import kernel
from trading.backtest.sweep import sweep
assert "numba" not in sys.modules
sweep(sound(7)[1], SETS[:1], cache=Path({str(tmp_path)!r}))
stats = kernel._compiled(Path({str(tmp_path)!r})).stats
print(sum(stats.cache_hits.values()), sum(stats.cache_misses.values()))
"""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NUMBA")}
    told = [
        subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True, timeout=300
        ).stdout.split()
        for _ in range(2)
    ]
    assert told == [["0", "1"], ["1", "0"]]
    root = Path(__file__).parents[4]
    assert list(tmp_path.rglob("*.nbi"))
    assert not list((root / "trading").rglob("*.nb[ic]"))


def test_without_a_rule_nothing_is_wanted_where_nothing_is_told(seed: int) -> None:
    _, found = sound(seed)
    silent = np.full((1, 402), np.nan)
    assert given(found, silent, silent)["trades"].to_list() == [0]


def test_money_that_outgrows_the_kernel_is_not_told() -> None:
    price = [round(10_000 * 1.2**slot) for slot in range(52)]
    walked = columns([np.array(price)] * 4 + [np.full(52, 10**12)], 0.01)
    limits = Limits(max_order_value=D(10**15), target_volatility=D(1), price_collar=D(1))
    known = Known(np.zeros(52, dtype=np.bool_), np.full(52, 0.01), np.ones(52))
    exposures = np.where(np.arange(52) < 45, 1.0, 0.0)[None, :]
    for capital, told in ((D(1_000), True), (D(20_000_000), False)):
        found = Ground(walked, known, rules(Terms(INSTRUMENT, limits, capital), walked), (), np.zeros((0, 52)))
        row = given(found, exposures, np.full((1, 52), np.nan)).row(0, named=True)
        assert np.isfinite(row["equity"]) == told
        assert not told or row["earned"] > 1_000
