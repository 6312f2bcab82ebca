"""A sample of trading for Monte Carlo: returns, round trips and positions, of a backtest or of its tear sheet."""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

import numpy as np

from trading.backtest.bootstrap import Floats
from trading.backtest.result import Backtest
from trading.errors import BadData
from trading.performance.attribution import breakdown
from trading.performance.closes import known_at
from trading.performance.round_trips import by_order
from trading.timeframe import Timeframe

Times = Sequence[datetime]
#: The share of a bar in which what was decided at its opening is done.
_OPENING = 0.01


@dataclass(frozen=True)
class Sample:
    """What is resampled; all numbers are fractions.

    `returns` of the book, each over `bars` bars; `per_year` of them make a year. `exposures` (returns, symbols) is the
    share of the equity that was held from the opening on, `moves` what that earned. `trips` is the profit of each round
    trip as a share of the equity at its beginning, in the order of their ends.
    """

    returns: Floats
    bars: int
    per_year: float
    exposures: Floats
    moves: Floats
    trips: Floats


@dataclass(frozen=True)
class _Facts:
    """Times at equal distances with the equity and the prices then, what changed hands (base), what trips earned."""

    times: Times
    equity: Floats
    prices: Mapping[str, Floats]
    changes: Sequence[tuple[datetime, str, float]]
    trips: Sequence[tuple[datetime, float]]


def of_backtest(tested: Backtest) -> Sample:
    """Return the sample of a backtest, one return per bar."""
    times = [point.ts for point in tested.curve]
    known = list(known_at(tested.closes, times))
    trips = by_order(list(breakdown(tested.movements, tested.closes, tested.period).trips))
    facts = _Facts(
        times,
        np.array([float(point.equity) for point in tested.curve]),
        {symbol: np.array([float(each.get(symbol, "nan")) for each in known]) for symbol in tested.symbols},
        [(each.at, each.symbol, float(each.base)) for each in tested.movements],
        [(trip.opened, float(trip.pnl)) for trip in trips],
    )
    return _sample(facts, 1, tested.period.timeframe)


def of_document(document: Mapping[str, Any]) -> Sample:
    """Return the sample of a tear sheet; where its curve was thinned out, a return spans several bars.

    Raises:
        BadData: it is no whole tear sheet.
    """
    try:
        return _read(document)
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise BadData(f"not a whole tear sheet: {type(error).__name__} {error}") from None


def _read(document: Mapping[str, Any]) -> Sample:
    timeframe = Timeframe.parse(document["timeframe"])
    opens = datetime.fromisoformat(document["period"]["opens"])
    curve = {datetime.fromisoformat(point["ts"]): float(point["equity"]) for point in document["curve"]}
    apart = [int((moment - opens) / timeframe.delta) for moment in curve]
    bars = _stride(apart)
    times = [moment for moment, place in zip(curve, apart, strict=True) if place % bars == 0]
    if [(moment - opens) / timeframe.delta for moment in times] != list(range(0, len(times) * bars, bars)):
        raise ValueError("its curve has holes")
    known = {
        symbol: {datetime.fromisoformat(each["ts"]): float(each["price"]) for each in prices}
        for symbol, prices in document["prices"].items()
    }
    facts = _Facts(
        times,
        np.array([curve[moment] for moment in times]),
        {symbol: np.array([prices.get(moment, float("nan")) for moment in times]) for symbol, prices in known.items()},
        [(datetime.fromisoformat(fill["ts"]), fill["symbol"], _base(fill, document)) for fill in document["fills"]],
        [(datetime.fromisoformat(trip["opened"]), float(trip["pnl"])) for trip in document["round_trips"]],
    )
    return _sample(facts, bars, timeframe)


def _stride(places: Sequence[int]) -> int:
    """Return the distance of the points that were kept evenly: a few others were kept for what happened there."""
    gaps = sorted(after - before for before, after in pairwise(places))
    if not gaps or gaps[0] < 1:
        raise ValueError("its curve has too few points")
    return gaps[len(gaps) // 2]


def _base(fill: Mapping[str, Any], document: Mapping[str, Any]) -> float:
    quantity, fee = Decimal(fill["quantity"]), Decimal(fill["fee"])
    paid = fee if fill["fee_currency"] != document["quote"] else Decimal(0)
    return float((quantity if fill["side"] == "BUY" else -quantity) - paid)


def _sample(facts: _Facts, bars: int, timeframe: Timeframe) -> Sample:
    equity = facts.equity
    if len(equity) < 2 or not (equity > 0).all():
        raise BadData("there are too few returns to resample, or nothing was left")
    symbols = list(facts.prices)
    held = np.column_stack([_held(facts, symbol) for symbol in symbols])
    prices = np.column_stack([facts.prices[symbol] for symbol in symbols])
    with np.errstate(invalid="ignore"):
        moves = np.nan_to_num(prices[1:] / prices[:-1] - 1)
        exposures = np.nan_to_num(held * prices[:-1] / equity[:-1, None])
    begun = [equity[max(bisect_right(facts.times, opened) - 1, 0)] for opened, _ in facts.trips]
    earned = np.array([pnl for _, pnl in facts.trips], dtype=np.float64)
    trips = earned / np.array(begun, dtype=np.float64)
    return Sample(equity[1:] / equity[:-1] - 1, bars, timeframe.bars_per_year / bars, exposures, moves, trips)


def _held(facts: _Facts, symbol: str) -> Floats:
    """Return how much base of `symbol` was held in each bar: what its opening left.

    What changes later, such as by a stop, counts from the next bar on: it knows what the bar did.
    """
    held = np.zeros(len(facts.times))
    opening = (facts.times[1] - facts.times[0]) * _OPENING
    for at, which, base in facts.changes:
        place = bisect_left(facts.times, at - opening)
        if which == symbol and place < len(held):
            held[place] += base
    return np.cumsum(held)[:-1]
