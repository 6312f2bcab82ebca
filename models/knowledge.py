"""What is known at each close of a bar, from bars alone: features, forecasts of models trained before it, gates."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from typing import Any

import polars as pl

from models.labels import training_set
from models.model import Model
from trading.market.finding import closing
from trading.market.gaps import RECENT_BARS, recent_gap, stale
from trading.strategies.knowledge import Knowledge, Shown, shown
from trading.timeframe import Timeframe

#: Bars of which the rows are held as Python values at a time.
_CHUNK = 500

#: Columns that every signal rests on.
_ALWAYS = frozenset({"symbol", "ts", "volatility_24"})

Row = Mapping[str, Any]
#: A model, and what tells with it of features.
Trained = tuple[Model, Callable[[Model, pl.DataFrame], pl.DataFrame]]


@dataclass(frozen=True)
class Study:
    """What is studied: `steps` bars from the one that opens at `start` on, each known by the bar that closes there.

    Models look `horizon` bars ahead; they are trained on all that was known at `start`, and anew every `retrain` bars
    (0: never again). `columns` are those that will be asked for, None for all; models nobody asks for are not trained.
    """

    timeframe: Timeframe
    start: datetime
    steps: int
    horizon: int
    seed: int
    retrain: int = 0
    columns: frozenset[str] | None = None

    def wants(self, *names: str) -> bool:
        """Whether any of the columns `names` will be asked for."""
        return self.columns is None or not self.columns.isdisjoint(names)


class History:
    """The knowledge of a panel of bars (PANEL, sorted by symbol, ts).

    Rows are those that the assets of the same names store at the close of their bar: they come from the same functions,
    and none of these sees a later bar.
    """

    def __init__(self, panel: pl.DataFrame, study: Study) -> None:
        """Compute all of it; BadData when there is too little history to train on."""
        from trading.indicators.technical import technical_features

        features = technical_features(panel, study.timeframe)
        told = [name for name in features.columns if name in _ALWAYS or study.wants(name)]
        parts = {"candle": panel.select("symbol", "ts", "close"), "features": features.select(told)}
        if study.wants("expected_return", "sigma"):
            priced = partial(_price_model, panel, features, study)
            parts["forecast"] = _over_time(study, features, priced, rests_on_past=False)
        if study.wants("regime"):
            parts["regime"] = _over_time(study, features, partial(_regime_model, features, study), rests_on_past=True)
        first = study.start - study.timeframe.delta
        self._parts = {name: frame.filter(pl.col("ts") >= first).sort("ts", "symbol") for name, frame in parts.items()}
        self._times = {name: frame["ts"].to_list() for name, frame in self._parts.items()}
        self._span = _CHUNK * study.timeframe.delta
        self._since: datetime | None = None
        self._held: dict[datetime, dict[str, Knowledge]] = {}
        self._gates = _Gates(panel, study.timeframe)

    def at(self, bar: datetime) -> Mapping[str, Knowledge]:
        """Return by symbol what is known when the bar that opens at `bar` closes."""
        if self._since is None or not self._since <= bar < self._since + self._span:
            self._since, self._held = bar, self._chunk(bar)
        return self._held.get(bar, {})

    def closed_by(self, bar: datetime) -> Mapping[str, str]:
        """Return by symbol the check of the bars up to `bar` that closes its gate, where one does."""
        return self._gates.closed_by(bar)

    def shown(self, bars: Sequence[datetime], timeframe: Timeframe) -> Mapping[str, Shown]:
        """Return by symbol what strategies are shown of successive `bars`, as `at` tells it bar by bar."""
        return {symbol: _within(frame, times, bars, timeframe) for symbol, (frame, times) in self._whole.items()}

    @cached_property
    def _whole(self) -> dict[str, tuple[pl.DataFrame, list[datetime]]]:
        """What is known of each symbol in one frame, and the times of its rows."""
        read = {"forecast": ["expected_return", "sigma", "model_id"], "regime": ["regime"]}
        whole = self._parts["candle"]
        for name in ("features", "forecast", "regime"):
            if name in self._parts:
                part = self._parts[name]
                told = part.select("ts", "symbol", *read[name]) if name in read else part
                whole = whole.join(told, on=["ts", "symbol"], how="left", maintain_order="left")
        return {str(symbol): (rows, rows["ts"].to_list()) for (symbol,), rows in whole.group_by("symbol")}

    def _chunk(self, since: datetime) -> dict[datetime, dict[str, Knowledge]]:
        """Return what is known at some hundred bars: rows become Python values together, or not at all."""
        rows: dict[tuple[datetime, str], dict[str, Row]] = defaultdict(dict)
        for name, frame in self._parts.items():
            first, last = (bisect_left(self._times[name], moment) for moment in (since, since + self._span))
            for row in frame.slice(first, last - first).iter_rows(named=True):
                rows[row["ts"], row["symbol"]][name] = row
        found: dict[datetime, dict[str, Knowledge]] = defaultdict(dict)
        for (ts, symbol), parts in rows.items():
            if "candle" in parts:
                found[ts][symbol] = Knowledge(**{"features": {}, **parts})
        return found


def _within(frame: pl.DataFrame, times: list[datetime], bars: Sequence[datetime], timeframe: Timeframe) -> Shown:
    """Return what `frame`, with its rows at `times`, tells of `bars`, some of which it may lack."""
    first, last = bisect_left(times, bars[0]), bisect_right(times, bars[-1])
    present = times[first:last]
    told = shown(frame.slice(first, last - first).to_dict(as_series=False), present, timeframe)
    rows, models = dict(zip(present, told.rows, strict=True)), dict(zip(present, told.models, strict=True))
    return Shown([rows.get(bar) for bar in bars], [models.get(bar, "") for bar in bars])


class _Gates:
    """What the asset market/candles would close at each bar, of bars that are sound but may have holes."""

    def __init__(self, panel: pl.DataFrame, timeframe: Timeframe) -> None:
        self._timeframe = timeframe
        self._opened = {str(name): bars["ts"].to_list() for (name,), bars in panel.group_by("symbol")}

    def closed_by(self, bar: datetime) -> dict[str, str]:
        """Return by symbol the check that closes its gate, where one does."""
        closed = {}
        for symbol, opened in self._opened.items():
            until = bisect_right(opened, bar)
            # So many bars back at its time lies the bar of a stretch without holes.
            whole = until > RECENT_BARS and opened[until - 1] == bar
            if not whole or opened[until - 1 - RECENT_BARS] != bar - RECENT_BARS * self._timeframe.delta:
                closed[symbol] = self._why(symbol, bar, until)
        return {symbol: why for symbol, why in closed.items() if why}

    def _why(self, symbol: str, bar: datetime, until: int) -> str:
        opened = self._opened[symbol]
        newest = opened[until - 1] if until else None
        since = max(bisect_left(opened, bar - (RECENT_BARS - 1) * self._timeframe.delta) - 1, 0)
        findings = [*stale(newest, bar), *recent_gap(opened[since:until], self._timeframe, bar)]
        return min((f"{check} {detail}" for check, detail in closing(findings, bar).items()), default="")


def _over_time(
    study: Study, features: pl.DataFrame, trained: Callable[[datetime], Trained], *, rests_on_past: bool
) -> pl.DataFrame:
    """Return what the models in force told of each bar, from the bar before the first on.

    `rests_on_past`: what a model tells of a bar rests on the bars before it, not on its row alone.
    """
    delta = study.timeframe.delta
    length = study.retrain or study.steps
    parts = []
    for first in range(0, study.steps, length):
        now = study.start + first * delta
        end = study.start + min(first + length, study.steps) * delta
        model, predict = trained(now)
        asked = pl.col("ts") >= now - delta
        past = features.filter(pl.col("ts") < end - delta)
        known = predict(model, past if rests_on_past else past.filter(asked))
        parts.append(known.filter(asked).with_columns(model_id=pl.lit(model.model_id)))
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
