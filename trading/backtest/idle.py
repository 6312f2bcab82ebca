"""Bars on which nothing can change: what a decision would leave as it is, told without making it.

A decision costs many times what this costs, and most of them say HOLD. Here is only said what is certain in floats,
with a margin; whatever is in doubt is decided about as ever.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from trading.backtest.sub_account import Standing
from trading.instrument import Instrument
from trading.limits import Limits
from trading.strategies.strategy import Desire
from trading.timeframe import Timeframe

#: Relative distance to a limit within which floats do not decide.
_MARGIN = 1e-3
_LEAST_VOLATILITY = 1e-8


Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is desired of successive bars, and what they were like; NaN for no stop, an exposure of -1 for quotes."""

    exposure: Floats
    stop: Floats
    volatility: Floats
    close: Floats

    @classmethod
    def of(cls, desires: Sequence[Desire], rows: Sequence[Mapping[str, Any]]) -> "Wanted":
        """Return it of `desires` from `rows`."""
        return cls(
            np.array([-1.0 if one.exposure is None or one.quotes else float(one.exposure) for one in desires]),
            np.array([math.nan if one.stop is None else float(one.stop) for one in desires]),
            np.array([row["volatility_24"] for row in rows], dtype=np.float64),
            np.array([row["close"] for row in rows], dtype=np.float64),
        )

    def part(self, since: int) -> "Wanted":
        """Return it from a bar on."""
        return Wanted(self.exposure[since:], self.stop[since:], self.volatility[since:], self.close[since:])


@dataclass(frozen=True)
class Idle:
    """What is certain for one instrument under `limits`; `day` is the root of the bars in a day."""

    target_volatility: float
    max_position: float
    max_drawdown: float
    min_rebalance: float
    day: float
    lot: float
    tick: float
    min_notional: float

    @classmethod
    def of(cls, instrument: Instrument, limits: Limits, timeframe: Timeframe) -> "Idle":
        """Return it for `instrument`."""
        return cls(
            float(limits.target_volatility),
            float(limits.max_position),
            float(limits.max_drawdown),
            float(limits.min_rebalance),
            math.sqrt(86_400 / timeframe.seconds),
            float(instrument.lot),
            float(instrument.tick),
            float(instrument.min_notional),
        )

    def sure(self, standing: Standing, desire: Desire, volatility: float, close: float, price: float) -> bool:
        """Return True only when a decision about `desire` at `price` would be HOLD and change no order.

        `volatility` and `close` are those of the signal's bar.
        """
        if standing.busy or volatility < _LEAST_VOLATILITY or desire.exposure is None or desire.quotes:
            return False
        if not desire.exposure:
            return standing.dust and not standing.protected
        held = self._holds(standing, float(desire.exposure), volatility, price)
        return held and self._stays(standing, desire, close)

    def _holds(self, standing: Standing, exposure: float, volatility: float, price: float) -> bool:
        """Whether the way to what is wanted is surely not worth an order."""
        held = standing.holding * price
        equity = standing.cash + held
        scale = min(1.0, self.target_volatility / (volatility * self.day))
        wanted = equity * min(exposure * scale, self.max_position)
        floor = standing.peak * (1 - self.max_drawdown)
        if equity < floor * (1 + _MARGIN) and wanted > held:
            # The guard holds on to what there is; near its edge it is not sure whether it does.
            return equity < floor * (1 - _MARGIN)
        small = wanted < 10 * self.lot * price
        # A decision brings what is wanted to the grid: down by up to a lot.
        far = abs(wanted - held) + self.lot * price >= equity * self.min_rebalance * (1 - _MARGIN)
        return not (small or far)

    def _stays(self, standing: Standing, desire: Desire, close: float) -> bool:
        """Whether the stop surely stays as it is, or surely none is needed."""
        if desire.stop is None or standing.dust:
            return not standing.protected
        level = close * (1 - float(desire.stop))
        sendable = standing.holding * level >= self.min_notional * (1 + _MARGIN)
        return sendable and standing.protected and level < standing.kept - 2 * self.tick

    def lasts(self, standing: Standing, wanted: Wanted, price: Floats) -> int:
        """Return for how many bars in a row `sure` is True, from the first on.

        `price` are those of the decisions, 0 where there is none; each new highest equity is the peak from then on.
        """
        if standing.busy or not len(price):
            return 0
        flat = (wanted.exposure == 0) & standing.dust & (not standing.protected)
        holds = (wanted.exposure > 0) & self._all_hold(standing, wanted, price) & self._all_stay(standing, wanted)
        sure = (flat | holds) & (wanted.volatility >= _LEAST_VOLATILITY) & (price > 0)
        return len(sure) if sure.all() else int(sure.argmin())

    def _all_hold(self, standing: Standing, wanted: Wanted, price: Floats) -> npt.NDArray[np.bool_]:
        """Return what `_holds` says of each bar."""
        held = standing.holding * price
        equity = standing.cash + held
        peak = (
            np.maximum.accumulate(np.concatenate([[standing.peak], equity[:-1]])) if standing.holding else standing.peak
        )
        volatility = np.maximum(wanted.volatility, _LEAST_VOLATILITY)
        scale = np.minimum(1.0, self.target_volatility / (volatility * self.day))
        aim = equity * np.minimum(wanted.exposure * scale, self.max_position)
        floor = peak * (1 - self.max_drawdown)
        guarded = (equity < floor * (1 + _MARGIN)) & (aim > held)
        small = aim < 10 * self.lot * price
        far = np.abs(aim - held) + self.lot * price >= equity * self.min_rebalance * (1 - _MARGIN)
        return np.where(guarded, equity < floor * (1 - _MARGIN), ~(small | far))

    def _all_stay(self, standing: Standing, wanted: Wanted) -> npt.NDArray[np.bool_]:
        """Return what `_stays` says of each bar."""
        free = np.isnan(wanted.stop) | standing.dust
        if not standing.protected:
            return free
        level = wanted.close * (1 - wanted.stop)
        sendable = standing.holding * level >= self.min_notional * (1 + _MARGIN)
        return ~free & sendable & (level < standing.kept - 2 * self.tick)
