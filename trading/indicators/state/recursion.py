"""Everything that recursive indicators carry from one bar to the next, a group for each."""

from collections.abc import Callable, Mapping
from functools import partial

from trading.indicators.state import averages, oscillators, wilder
from trading.indicators.state.bars import Carried, Window

Step = Callable[[Window, Carried], Carried]


def _average(bars: int) -> Step:
    return partial(averages.ema, bars=bars)


#: Of the base timeframe.
BASE: Mapping[str, Step] = {
    "ema_12": _average(12),
    "ema_48": _average(48),
    "macd": averages.macd,
    "rsi": wilder.rsi,
    "atr": wilder.atr,
    "movement": wilder.movement,
    "stochastic": oscillators.stochastic,
    "ultimate": oscillators.ultimate,
    "money_flow": oscillators.money_flow,
}

#: Of a higher timeframe.
HIGHER: Mapping[str, Step] = {"ema_12": _average(12), "rsi": wilder.rsi, "atr": wilder.atr}


def advance(steps: Mapping[str, Step], window: Window, before: Mapping[str, Carried]) -> dict[str, Carried]:
    """Return what each of `steps` carries on after the newest bar of `window`; `before` is what it did until then."""
    return {name: step(window, before.get(name, {})) for name, step in steps.items()}
