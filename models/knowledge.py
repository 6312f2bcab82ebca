"""What is known at each close of a bar, from bars alone: features, forecasts of models trained before it, gates."""

from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from models.labels import training_set
from models.model import Model
from trading.market.finding import closing
from trading.market.gaps import RECENT_BARS, recent_gap, stale
from trading.strategies.knowledge import Knowledge
from trading.timeframe import Timeframe

#: Bars of which the rows are held as Python values at a time.
_CHUNK = 500

Row = Mapping[str, Any]
#: A model, and what tells with it of features.
Trained = tuple[Model, Callable[[Model, pl.DataFrame], pl.DataFrame]]


@dataclass(frozen=True)
class Study:
    """What is studied: `steps` bars from the one that opens at `start` on, each known by the bar that closes there.

    Models look `horizon` bars ahead; they are trained on all that was known at `start`, and anew every `retrain` bars
    (0: never again). `forecasts` and `regimes` say whether any are needed.
    """

    timeframe: Timeframe
    start: datetime
    steps: int
    horizon: int
    seed: int
    retrain: int = 0
    forecasts: bool = True
    regimes: bool = True


class History:
    """The knowledge of a panel of bars (PANEL, sorted by symbol, ts).

    Rows are those that the assets of the same names store at the close of their bar: they come from the same functions,
    and none of these sees a later bar.
    """

    def __init__(self, panel: pl.DataFrame, study: Study) -> None:
        """Compute all of it; BadData when there is too little history to train on."""
        from trading.indicators.technical import technical_features

        self._timeframe = study.timeframe
        self._bars = {str(name): bars.select("symbol", "ts") for (name,), bars in panel.group_by("symbol")}
        self._opened = {symbol: bars["ts"].to_list() for symbol, bars in self._bars.items()}
        features = technical_features(panel, study.timeframe)
        parts = {"candle": panel, "features": features}
        if study.forecasts:
            parts["forecast"] = _over_time(study, features, lambda now: _price_model(panel, features, study, now))
        if study.regimes:
            parts["regime"] = _over_time(study, features, lambda now: _regime_model(features, study, now))
        first = study.start - study.timeframe.delta
        self._rows = {
            name: _Rows(frame.filter(pl.col("ts") >= first), study.timeframe) for name, frame in parts.items()
        }

    def at(self, bar: datetime) -> dict[str, Knowledge]:
        """Return by symbol what is known when the bar that opens at `bar` closes."""
        found = {name: rows.at(bar) for name, rows in self._rows.items()}
        return {
            symbol: Knowledge(**{name: rows.get(symbol, {}) for name, rows in found.items()})
            for symbol in found["candle"]
        }

    def closed_by(self, bar: datetime) -> dict[str, str]:
        """Return by symbol the check of the bars up to `bar` that closes its gate, where one does."""
        closed = {symbol: self._closed_by(symbol, bar) for symbol in self._bars}
        return {symbol: why for symbol, why in closed.items() if why}

    def _closed_by(self, symbol: str, bar: datetime) -> str:
        opened = self._opened[symbol]
        until = bisect_left(opened, bar + self._timeframe.delta)
        since = bisect_left(opened, bar - RECENT_BARS * self._timeframe.delta)
        if until - since > RECENT_BARS:
            return ""
        newest = opened[until - 1] if until else None
        recent = self._bars[symbol].slice(since, until - since)
        findings = [*stale(newest, bar), *recent_gap(recent, self._timeframe, bar)]
        return min((f"{check} {detail}" for check, detail in closing(findings, bar).items()), default="")


class _Rows:
    """The rows of a frame (symbol, ts, ...) as dicts, some hundred bars at a time."""

    def __init__(self, frame: pl.DataFrame, timeframe: Timeframe) -> None:
        self._frame = frame.sort("ts", "symbol")
        self._times = self._frame["ts"].to_list()
        self._span = _CHUNK * timeframe.delta
        self._since: datetime | None = None
        self._held: dict[datetime, dict[str, Row]] = {}

    def at(self, bar: datetime) -> Mapping[str, Row]:
        """Return the rows of one bar by symbol."""
        if self._since is None or not self._since <= bar < self._since + self._span:
            self._since, self._held = bar, {}
            first, last = (bisect_left(self._times, moment) for moment in (bar, bar + self._span))
            for row in self._frame.slice(first, last - first).iter_rows(named=True):
                self._held.setdefault(row["ts"], {})[row["symbol"]] = row
        return self._held.get(bar, {})


def _over_time(study: Study, features: pl.DataFrame, trained: Callable[[datetime], Trained]) -> pl.DataFrame:
    """Return what the models in force told of each bar, from the bar before the first on."""
    delta = study.timeframe.delta
    length = study.retrain or study.steps
    parts = []
    for first in range(0, study.steps, length):
        now = study.start + first * delta
        end = study.start + min(first + length, study.steps) * delta
        model, predict = trained(now)
        known = predict(model, features.filter(pl.col("ts") < end - delta))
        parts.append(known.filter(pl.col("ts") >= now - delta).with_columns(model_id=pl.lit(model.model_id)))
    return pl.concat(parts)


def _price_model(panel: pl.DataFrame, features: pl.DataFrame, study: Study, now: datetime) -> Trained:
    from models.forecast import lightgbm_return
    from trading.indicators.technical import FEATURES

    past = pl.col("ts") < now
    rows = training_set(features.filter(past), panel.filter(past), study.timeframe, study.horizon)
    return lightgbm_return.fit(rows, FEATURES, study.horizon, study.seed), lightgbm_return.predict


def _regime_model(features: pl.DataFrame, study: Study, now: datetime) -> Trained:
    from models.regime import gaussian_mixture

    return gaussian_mixture.fit(features.filter(pl.col("ts") < now), study.seed), gaussian_mixture.predict
