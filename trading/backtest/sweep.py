"""A sweep: one strategy with many sets of parameters over one market, by the kernel: what the engine would give.

What the sets share is made once, as `Ground`. Strategies that do not read what they hold may be told as exposures.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from trading.backtest import kernel
from trading.backtest.compiled.inputs import REGIMES, Floats, Ints, Known, Market, Rules, Wishes
from trading.backtest.compiled.rules import GIVEN, MEAN_REVERSION, MULTI_TIMEFRAME, TREND
from trading.backtest.ground import Terms, Window, known, market, rules
from trading.backtest.source import Source
from trading.errors import Misconfigured
from trading.performance.sharpe import least_returns
from trading.simulation.path import TickBar
from trading.strategies.mean_reversion import MeanReversion
from trading.strategies.multi_timeframe import MultiTimeframe
from trading.strategies.multi_timeframe import columns as timeframes
from trading.strategies.strategy import Parameters
from trading.strategies.trend import Trend

#: Of the ratio per bar.
_LEAST_RETURNS = least_returns(1)


@dataclass(frozen=True)
class Ground:
    """One market, what is known of it and the terms; `measures` (names, slots) is what strategies read."""

    market: Market
    known: Known
    rules: Rules
    names: Sequence[str]
    measures: Floats


def ground(bars: Sequence[TickBar], source: Source, window: Window, terms: Terms, names: Sequence[str]) -> Ground:
    """Return the ground of sweeps over `window`; `names` are the columns that the strategies read.

    Raises:
        Misconfigured: the kernel cannot trade such an instrument.
    """
    walked = market(bars, window, terms.instrument.tick)
    found, measures = known(source, terms.instrument.symbol, window, terms.limits.target_volatility, names)
    return Ground(walked, found, rules(terms, walked), names, measures)


def sweep(ground: Ground, sets: Sequence[Parameters], workers: int = 1, cache: Path | None = None) -> pl.DataFrame:
    """Return a row for each of `sets`: its parameters, and the scores that `scores` tells.

    `workers` threads share the work. `cache` is a folder, not shared with others, in which compiled code is kept.

    Raises:
        Misconfigured: the kernel has no such strategy, or the ground lacks a column that it reads.
    """
    wishes = wishes_of(ground, sets)

    def measured(part: Floats) -> Floats:
        return kernel.trade(ground.market, ground.known, ground.rules, wishes._replace(sets=part), cache)

    # The first call compiles; several at once would each do it.
    rows = [measured(wishes.sets[:1])]
    if len(sets) > 1:
        with ThreadPoolExecutor(workers) as pool:
            rows += pool.map(measured, np.array_split(wishes.sets[1:], workers))
    told = pl.DataFrame([one.model_dump() for one in sets])
    return told.hstack(scores(np.concatenate(rows), _bars(ground), _capital(ground)))


def together(grounds: Sequence[Ground], rest: float, one: Parameters, cache: Path | None = None) -> pl.DataFrame:
    """Return the one row that `scores` tells of `one` on several grounds of equal length at once, as one book.

    `rest` of its capital, in quote, is on none of them.

    Raises:
        Misconfigured: as `sweep`.
    """
    each = [kernel.followed(on.market, on.known, on.rules, wishes_of(on, [one]), cache) for on in grounds]
    curve = rest + np.sum([line for _, line in each], axis=0)
    earned = curve[1:] / curve[:-1] - 1
    sums = [(earned**power).sum() for power in (1, 2, 3, 4)]
    drawdown, losses = (curve / np.maximum.accumulate(curve) - 1).min(), (np.minimum(earned, 0) ** 2).sum()
    positions, fees, fills = np.sum([measured[1:4] for measured, _ in each], axis=0)
    measured = np.array([[curve[-1], positions, fees, fills, drawdown, *sums, losses]])
    return scores(measured, _bars(grounds[0]), rest + sum(map(_capital, grounds)))


def known_to_kernel(kind: type[Parameters]) -> bool:
    """Whether the kernel has the rule of the strategy with such parameters."""
    return kind in _RULES


def given(ground: Ground, exposures: Floats, stops: Floats, cache: Path | None = None) -> pl.DataFrame:
    """Return the scores of each row of `exposures` and `stops` (sets, slots): what is wanted at the close of each slot.

    An exposure of NaN is no signal, a stop of NaN no stop.
    """
    measured = kernel.trade(ground.market, ground.known, ground.rules, wanted(exposures, stops), cache)
    return scores(measured, _bars(ground), _capital(ground))


def traced(ground: Ground, one: Parameters, cache: Path | None = None) -> tuple[Floats, Ints]:
    """Return the equity at the beginning and at each close with the parameters `one`, and the fills.

    A fill is (moment, side, ticks, lots, fee) as `kernel.traced` has it.
    """
    _, curve, fills = kernel.traced(ground.market, ground.known, ground.rules, wishes_of(ground, [one]), cache)
    return curve, fills


def wishes_of(ground: Ground, sets: Sequence[Parameters]) -> Wishes:
    """Return `sets`, all of one kind, as the kernel reads them."""
    kind = type(sets[0])
    if kind not in _RULES or any(type(one) is not kind for one in sets):
        have = ", ".join(each.__name__ for each in _RULES)
        raise Misconfigured(f"kernel: no rule for {kind.__name__}; it has {have}")
    rule, flat = _RULES[kind]
    places = {name: place for place, name in enumerate(ground.names)}
    try:
        return Wishes(rule, np.array([flat(one, places) for one in sets], dtype=np.float64), ground.measures)
    except KeyError as missing:
        raise Misconfigured(f"kernel: {kind.__name__} reads {missing}, which the ground lacks") from None


def wanted(exposures: Floats, stops: Floats) -> Wishes:
    """Return exposures and stops (sets, slots) as the kernel reads them."""
    count = len(exposures)
    sets = np.zeros((count, _COLUMNS))
    sets[:, 0], sets[:, 1] = np.arange(count), np.arange(count, 2 * count)
    return Wishes(GIVEN, sets, np.concatenate([exposures, stops]))


def scores(measured: Floats, bars: int, capital: float) -> pl.DataFrame:
    """Return what `kernel.MEASURED` of each set is worth after so many bars with `capital` in quote, one row each.

    equity, positions (at the last close) and fees in quote; trades are fills; earned and drawdown are fractions (-0.1
    is ten per cent below the peak). mean, deviation, downside (root mean square of the losses), skew and excess
    kurtosis are of the returns of the bars, and sharpe is per bar; null where they cannot be told. NaN where the money
    has grown beyond the numbers of the kernel.
    """
    told = dict(zip(kernel.MEASURED, measured.T, strict=True))
    first, second, third, fourth = (told[name] / bars for name in ("sum", "squares", "cubes", "fourths"))
    variance = np.maximum(second - first**2, 0.0)
    moved = (variance > 0) & (bars >= _LEAST_RETURNS)
    spread = np.where(moved, variance, 1.0)
    cubed = third - 3 * first * second + 2 * first**3
    fourfold = fourth - 4 * first * third + 6 * first**2 * second - 3 * first**4
    deviation = np.sqrt(variance * bars / max(bars - 1, 1))
    numbers = max(bars, _LEAST_RETURNS)
    skew = np.sqrt(numbers * (numbers - 1)) / (numbers - 2) * cubed / spread**1.5
    tails = (numbers - 1) / ((numbers - 2) * (numbers - 3))
    kurtosis = tails * ((numbers + 1) * fourfold / spread**2 - 3 * (numbers - 1))
    return pl.DataFrame(
        {
            "bars": np.full(len(measured), bars),
            "equity": told["equity"],
            "positions": told["positions"],
            "fees": told["fees"],
            "trades": told["fills"].astype(np.int64),
            "earned": told["equity"] / capital - 1,
            "drawdown": told["drawdown"],
            "mean": first,
            "deviation": deviation,
            "downside": np.sqrt(told["losses"] / bars),
            "sharpe": _where(moved, first / np.sqrt(spread * bars / max(bars - 1, 1))),
            "skew": _where(moved, skew),
            "kurtosis": _where(moved, kurtosis),
        }
    )


def _bars(ground: Ground) -> int:
    return len(ground.market.opens) - 2


def _capital(ground: Ground) -> float:
    return (ground.rules.share + ground.rules.rest) / ground.rules.quote_ones


def _where(known: npt.NDArray[np.bool_], values: Floats) -> pl.Series:
    return pl.Series(np.where(known, values, np.nan)).fill_nan(None)


def _trend(one: Trend, places: Mapping[str, int]) -> Sequence[float]:
    strength = (one.least_strength, one.full_strength, one.max_exposure, one.step, one.stop_multiple)
    # A rule of fewer measures has the first once more.
    return places[one.gap], places["adx_14"], places[one.gap], places[one.gap], one.entry, one.exit, *strength


def _mean_reversion(one: MeanReversion, places: Mapping[str, int]) -> Sequence[float]:
    allowed = sum(1 << REGIMES.index(name) for name in set(one.regimes))
    values = (one.entry, one.exit, one.exposure, one.stop_multiple, allowed, one.stationarity, one.half_life)
    # A test without a limit is not looked at.
    statistic = "dickey_fuller_168" if one.stationarity else one.z_score
    half_life = "half_life_168" if one.half_life else one.z_score
    return *(places[name] for name in (one.z_score, "regime", statistic, half_life)), *values


def _multi_timeframe(one: MultiTimeframe, places: Mapping[str, int]) -> Sequence[float]:
    values = (one.entry, one.exit, one.confirm, one.exit_after, one.exposure, one.stop_multiple, 0.0)
    return *(places[name] for name in timeframes(one)[:3]), places[one.base], *values


#: Four rows of the measures and seven values.
_COLUMNS = 11
_RULES: Mapping[type[Parameters], tuple[int, Callable[..., Sequence[float]]]] = {
    Trend: (TREND, _trend),
    MeanReversion: (MEAN_REVERSION, _mean_reversion),
    MultiTimeframe: (MULTI_TIMEFRAME, _multi_timeframe),
}
