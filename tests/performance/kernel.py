"""The kernel over 100 sets of a crossover and 100,000 bars: against a bare numba loop, and against vectorbt."""

import json
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from tests.performance.bench import Measured, lower_is_better
from tests.performance.peers import python_of
from trading.backtest.compiled.inputs import Known
from trading.backtest.ground import Terms, columns, rules, scales
from trading.backtest.sweep import Ground, sweep
from trading.instrument import Instrument
from trading.limits import Limits
from trading.strategies.trend import Trend
from trading.timeframe import Timeframe

BARS, SETS, ROUNDS = 100_000, 100, 5
TICK, LOT, HOUR = Decimal("0.01"), Decimal("0.00001"), Timeframe(3600)
FEE = Decimal("0.001")
#: The standard deviation of a bar's return, the same throughout: the peers do not size by it.
VOLATILITY = 0.004


def bare() -> Measured:
    """The same crossovers in a loop of floats that knows fees and measures as much, and nothing else; one thread."""
    found, peer = ground(), _bare()
    gap, opens, closes = found.measures[0], found.market.open_quote, found.market.close_quote
    entry, leave = (np.array([getattr(one, name) for one in sets()]) for name in ("entry", "exit"))
    out = np.zeros((SETS, 9))
    ours, theirs, unstopped = _rounds(
        lambda: sweep(found, sets()),
        lambda: peer(gap, opens, closes, entry, leave, float(FEE), out),
        lambda: sweep(found, sets(0.0)),
    )
    note = f"one thread; ours with stops, without them {_ratio(unstopped, theirs):.2f}"
    return lower_is_better("kernel_bare", ours, theirs, _UNIT, note)


def vectorbt() -> Measured:
    """The same crossovers with fee, spread and stop by vectorbt, in a process and an environment of its own."""
    python, found, cores = python_of("vectorbt"), ground(), os.cpu_count() or 1
    ours, alone = _rounds(lambda: sweep(found, sets(), workers=cores), lambda: sweep(found, sets()))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bars.npz"
        np.savez(path, gap=found.measures[0], **_prices(), **_numbers())
        command = [python, Path(__file__).with_name("peer_vectorbt.py"), path]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    told = json.loads(done.stdout.splitlines()[-1])
    fills = int(sweep(found, sets())["trades"].sum())
    note = (
        f"{cores} threads, with one {_ratio(alone, told['seconds']):.1f}; {fills} fills, theirs {told['orders']} orders"
    )
    return lower_is_better("kernel_vectorbt", ours, told["seconds"], _UNIT, note)


def _ratio(ours: list[float], peer: list[float]) -> float:
    return statistics.median(peer) / statistics.median(ours)


_UNIT = f"s per {SETS} sets x {BARS // 1000}k bars"


def _rounds(*works: Callable[[], object]) -> list[list[float]]:
    """Return the seconds of each of `works`, warm, in turns."""
    times: list[list[float]] = [[] for _ in works]
    for work in works:
        work()
    for _ in range(ROUNDS):
        for seconds, work in zip(times, works, strict=True):
            began = time.perf_counter()
            work()
            seconds.append(time.perf_counter() - began)
    return times


def sets(stop_multiple: float = 8.0) -> list[Trend]:
    """Return crossovers that enter ever later; the strength is always enough for the full exposure."""
    return [Trend(entry=0.5 + 0.02 * place, exit=-0.5, stop_multiple=stop_multiple) for place in range(SETS)]


@cache
def _bars() -> np.ndarray:
    """Return open, high, low, close (ticks) and volume (lots) of a fat-tailed random walk."""
    chance = np.random.default_rng(7)
    close = 10_000 * np.exp(np.cumsum(chance.standard_t(4, BARS) * VOLATILITY / np.sqrt(2)))
    opened = np.concatenate([close[:1], close[:-1]])
    reach = np.abs(chance.normal(0, VOLATILITY / 2, (2, BARS)))
    high, low = np.maximum(opened, close) * (1 + reach[0]), np.minimum(opened, close) * (1 - reach[1])
    prices = np.maximum(np.rint(np.array([opened, high, low, close]) / float(TICK)), 1)
    return np.vstack([prices, np.full(BARS, 1e8)]).astype(np.int64)


def _prices() -> dict[str, np.ndarray]:
    names = ("open", "high", "low", "close")
    return {name: row * float(TICK) for name, row in zip(names, _bars(), strict=False)}


def _numbers() -> dict[str, np.ndarray]:
    told = {name: np.array([getattr(one, name) for one in sets()]) for name in ("entry", "exit")}
    return {**told, "stop": np.array(sets()[0].stop_multiple * VOLATILITY)}


@cache
def ground() -> Ground:
    """Return the bars with the gap of the close to its mean over 48 bars, in standard deviations."""
    market = columns(list(_bars()), float(TICK))
    limits = Limits(target_volatility=Decimal(1), max_drawdown=Decimal(1), max_order_value=Decimal(10**12))
    instrument = Instrument("bench", "BTC/USDT", "BTC", "USDT", TICK, LOT, LOT, Decimal(5), FEE, FEE)
    level, mean = np.log(market.close_quote), np.zeros(BARS)
    mean[0] = level[0]
    for place in range(1, BARS):
        mean[place] = mean[place - 1] + 2 / 49 * (level[place] - mean[place - 1])
    gap = (level - mean) / VOLATILITY
    volatility = np.full(BARS, VOLATILITY)
    known = Known(np.zeros(BARS, dtype=np.bool_), volatility, scales(volatility, limits.target_volatility, HOUR))
    terms = Terms(instrument, limits, Decimal(100_000))
    return Ground(market, known, rules(terms, market), ("ema_gap_48", "adx_14"), np.vstack([gap, np.full(BARS, 50.0)]))


@cache
def _bare() -> Callable[..., Any]:
    import numba

    return numba.njit(error_model="numpy")(_loop)


def _loop(gap, opens, closes, entry, leave, fee, out) -> None:
    for row in range(len(entry)):
        cash, held, fees, orders = 100_000.0, 0.0, 0.0, 0
        equity, top, deepest = cash, cash, 0.0
        first = second = third = fourth = losses = 0.0
        for bar in range(1, len(gap)):
            if held == 0.0 and gap[bar - 1] >= entry[row]:
                spent = cash * 0.95
                held, cash, fees, orders = spent * (1 - fee) / opens[bar], cash - spent, fees + spent * fee, orders + 1
            elif held > 0.0 and gap[bar - 1] < leave[row]:
                got = held * opens[bar]
                held, cash, fees, orders = 0.0, cash + got * (1 - fee), fees + got * fee, orders + 1
            now = cash + held * closes[bar]
            earned = now / equity - 1
            square = earned * earned
            first, second, third, fourth = (
                first + earned,
                second + square,
                third + square * earned,
                fourth + square * square,
            )
            losses += square if earned < 0 else 0.0
            equity, top = now, max(top, now)
            deepest = min(deepest, now / top - 1)
        out[row, 0], out[row, 1], out[row, 2], out[row, 3] = equity, fees, orders, deepest
        out[row, 4], out[row, 5], out[row, 6], out[row, 7], out[row, 8] = first, second, third, fourth, losses
