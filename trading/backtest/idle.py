"""Bars on which nothing can change: what a decision would leave as it is, told without making it.

A decision costs many times what this costs, and most of them say HOLD. Here is only said what is certain in floats,
with a margin; whatever is in doubt is decided about as ever.
"""

import math
from dataclasses import dataclass

from trading.backtest.sub_account import Standing
from trading.instrument import Instrument
from trading.limits import Limits
from trading.strategies.strategy import Desire
from trading.timeframe import Timeframe

#: Relative distance to a limit within which floats do not decide.
_MARGIN = 1e-3
_LEAST_VOLATILITY = 1e-8


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
