"""A higher timeframe step by step: the base bars that lie in one of its bars, until this has closed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from trading.candle import Candle
from trading.indicators.state import recursion, values
from trading.indicators.state.bars import Carried, Window, empty
from trading.timeframe import Timeframe


@dataclass(frozen=True)
class Higher:
    """What a higher timeframe knows: its closed bars, what they carry, and the base bars of the one under way.

    `told` are the features of its newest closed bar, by name; empty before the first.
    """

    window: Window
    carried: Mapping[str, Carried]
    under_way: tuple[Candle, ...]
    told: Mapping[str, float]


def begin() -> Higher:
    """Return what is known before the first bar."""
    return Higher(empty(), {}, (), {})


def advance(state: Higher, bar: Candle, timeframe: Timeframe, factor: int) -> Higher:
    """Return what is known at the close of the base bar `bar`; a bar whose last base bars are missing closes too."""
    higher = timeframe.times(factor)
    slot = higher.open_of(bar.ts)
    if state.under_way and higher.open_of(state.under_way[0].ts) != slot:
        state = _closed(state, higher, factor)
    state = Higher(state.window, state.carried, (*state.under_way, bar), state.told)
    return _closed(state, higher, factor) if _end(slot, higher) <= bar.ts + timeframe.delta else state


def _closed(state: Higher, higher: Timeframe, factor: int) -> Higher:
    parts = state.under_way
    whole = Candle(
        higher.open_of(parts[0].ts),
        parts[0].open,
        max(part.high for part in parts),
        min(part.low for part in parts),
        parts[-1].close,
        # As trading/market/resample adds volumes up.
        float(np.add.reduceat(np.array([part.volume for part in parts]), [0])[0]),
    )
    window = state.window.with_bar(whole)
    carried = recursion.advance(recursion.HIGHER, window, state.carried)
    return Higher(window, carried, (), values.higher(window, carried, f"_x{factor}"))


def _end(opened: datetime, higher: Timeframe) -> datetime:
    return opened + timedelta(seconds=higher.seconds)
