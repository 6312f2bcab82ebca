"""A state as JSON text and back, every digit kept: what is written at the end of one process goes on in the next."""

import json
from datetime import datetime
from typing import Any

import numpy as np

from trading.candle import Candle
from trading.errors import BadData
from trading.indicators.state.bars import COLUMNS, LENGTH, Window
from trading.indicators.state.higher import Higher
from trading.indicators.state.technical import State
from trading.indicators.technical import FACTORS
from trading.timeframe import Timeframe

#: Changes with the meaning of what is carried: another one is refused, and the history is computed anew.
FORM = 2


def dump(state: State) -> str:
    """Return `state` as one line of JSON."""
    told = {
        "form": FORM,
        "timeframe": state.timeframe.seconds,
        "newest": None if state.newest is None else state.newest.isoformat(),
        "window": _window(state.window),
        "carried": state.carried,
        "higher": {str(factor): _higher(one) for factor, one in state.higher.items()},
    }
    return json.dumps(told, separators=(",", ":"), sort_keys=True)


def load(text: str) -> State:
    """Return the state that `dump` wrote.

    Raises:
        BadData: the text is none, is damaged, or was written in another form.

    """
    try:
        told: dict[str, Any] = json.loads(text)
        if told["form"] != FORM:
            raise BadData(f"state of technical features: form {told['form']}, not {FORM}; compute the history anew")
        higher = {factor: _higher_of(told["higher"][str(factor)]) for factor in FACTORS}
        newest = None if told["newest"] is None else datetime.fromisoformat(told["newest"])
        window = _window_of(told["window"])
        return State(Timeframe(int(told["timeframe"])), newest, window, _carried_of(told["carried"]), higher)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadData(f"state of technical features: the text is damaged: {error!r}") from None


def _window(window: Window) -> dict[str, Any]:
    return {"count": window.count, "rows": window.rows.tolist()}


def _window_of(told: dict[str, Any]) -> Window:
    rows = np.array(told["rows"], dtype=np.float64).reshape(len(COLUMNS), -1)
    if rows.shape[1] != min(int(told["count"]), LENGTH):
        raise ValueError(f"{rows.shape[1]} bars in the window of {told['count']}")
    return Window(int(told["count"]), rows)


def _carried_of(told: dict[str, dict[str, Any]]) -> dict[str, dict[str, float]]:
    return {group: {name: float(value) for name, value in values.items()} for group, values in told.items()}


def _higher(state: Higher) -> dict[str, Any]:
    bars = [[bar.ts.isoformat(), bar.open, bar.high, bar.low, bar.close, bar.volume] for bar in state.under_way]
    return {"window": _window(state.window), "carried": state.carried, "under_way": bars, "told": state.told}


def _higher_of(told: dict[str, Any]) -> Higher:
    bars = tuple(Candle(datetime.fromisoformat(row[0]), *map(float, row[1:])) for row in told["under_way"])
    values = {str(name): float(value) for name, value in told["told"].items()}
    return Higher(_window_of(told["window"]), _carried_of(told["carried"]), bars, values)
