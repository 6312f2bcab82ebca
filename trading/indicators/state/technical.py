"""The technical features of one symbol bar by bar: equal to those of the whole history, at the cost of one step."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from trading.candle import Candle
from trading.errors import BadData
from trading.indicators.state import higher, recursion, values
from trading.indicators.state.bars import Carried, Window, empty
from trading.indicators.state.higher import Higher
from trading.indicators.state.reversion import reversion
from trading.indicators.technical import FACTORS, STORED
from trading.timeframe import Timeframe

Row = dict[str, float | None]


@dataclass(frozen=True)
class State:
    """What one symbol carries from bar to bar, of a fixed size; `newest` is the open time of the last bar, if any."""

    timeframe: Timeframe
    newest: datetime | None
    window: Window
    carried: Mapping[str, Carried]
    higher: Mapping[int, Higher]


def begin(timeframe: Timeframe) -> State:
    """Return the state before the first bar."""
    return State(timeframe, None, empty(), {}, {factor: higher.begin() for factor in FACTORS})


def advance(state: State, bar: Candle) -> tuple[State, Row]:
    """Return the state after `bar` and its row: STORED by name, null where one is not defined.

    Equal to trading.indicators.technical on the whole history of the symbol, gaps stepped over alike; `state` itself
    stays as it is, so that a step that was lost is made again.

    Raises:
        BadData: the bar is not later than the last one, or does not lie on the grid; or a price is not above 0, a high
            below a low, a volume below 0, or one of them is no number.

    """
    _check(state, bar)
    window = state.window.with_bar(bar)
    carried = recursion.advance(recursion.BASE, window, state.carried)
    above = {factor: higher.advance(state.higher[factor], bar, state.timeframe, factor) for factor in FACTORS}
    told = values.base(window, carried) | reversion(window) | values.calendar(bar.ts + state.timeframe.delta)
    for one in above.values():
        told |= one.told
    row: Row = {name: value if math.isfinite(value := told.get(name, math.nan)) else None for name in STORED}
    return State(state.timeframe, bar.ts, window, carried, above), row


def _check(state: State, bar: Candle) -> None:
    if state.newest is not None and bar.ts <= state.newest:
        raise BadData(f"bar {bar.ts.isoformat()} is not later than the last one, {state.newest.isoformat()}")
    if state.timeframe.open_of(bar.ts) != bar.ts:
        raise BadData(f"bar {bar.ts.isoformat()} does not open on the grid of {state.timeframe}")
    for name in ("open", "high", "low", "close", "volume"):
        value = getattr(bar, name)
        if not math.isfinite(value) or value < 0 or (value == 0 and name != "volume"):
            raise BadData(f"bar {bar.ts.isoformat()}: {name} is {value}")
    if bar.high < bar.low:
        raise BadData(f"bar {bar.ts.isoformat()}: high {bar.high} lies below low {bar.low}")
