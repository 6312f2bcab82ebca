"""The signals that another price model would have led to, each from what its strategy was shown when it decided."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from adapters.store import decisions, models
from adapters.store.database import Connection
from cli.session.desires import Desires
from trading.errors import BadData, Misconfigured
from trading.replay import Ground
from trading.signal import Signal
from trading.strategies.registry import strategy
from trading.timeframe import Timeframe

if TYPE_CHECKING:
    from adapters.evidence.replayed import Span
    from models.model import Model

_FORECAST = ("expected_return", "sigma")


@dataclass(frozen=True)
class Changed:
    """A signal as it was and as the other model would have made it."""

    before: Signal
    after: Signal


class OtherModel:
    """Puts the signals of another model in the place of those that decisions rested on.

    `signals` are those that were made again, by id; `foreseen` the ids of those whose future the model has seen.
    """

    def __init__(self, connection: Connection, book: str, start: str, span: "Span") -> None:
        """Read what the strategies were shown in `span`; Misconfigured when no one model's id begins with `start`."""
        self.model = _model(connection, book, start)
        ids = list({signal_id for signal_id, _ in decisions.keys(connection, book, *span)})
        self.signals: dict[str, Changed] = {}
        self.foreseen: set[str] = set()
        self._desires = Desires(connection, ids)
        self._forecasts = _forecasts(self.model, self._desires.seen)

    @property
    def changed(self) -> list[Changed]:
        """The signals that come out differently, oldest first."""
        found = [one for one in self.signals.values() if one.before != one.after]
        return sorted(found, key=lambda one: (one.before.decided_at, one.before.strategy, one.before.symbol))

    def __call__(self, ground: Ground) -> Ground:
        """Return `ground` with the signal of the other model.

        Raises:
            BadData: what the strategy was shown is not there, or does not give the signal that is stored.
        """
        signal = ground.signal
        if not set(_FORECAST) & set(strategy(signal.strategy).columns(self._desires.values(signal))):
            return ground
        if signal.signal_id not in self.signals:
            self.signals[signal.signal_id] = Changed(signal, self._made(signal))
            if signal.ts < _seen_until(self.model, signal.timeframe):
                self.foreseen.add(signal.signal_id)
        return replace(ground, signal=self.signals[signal.signal_id].after)

    def _made(self, signal: Signal) -> Signal:
        if self._desires.again(signal) != signal:
            raise BadData("its strategy, shown the same again, does not desire what its signal says")
        return self._desires.again(signal, self._forecasts.get(signal.signal_id, {}))


def _model(connection: Connection, book: str, start: str) -> "Model":
    from assets.model_registry import model
    from models.forecast import kinds
    from models.model import verify

    try:
        found = model(models.named(connection, "price_models", book, start))
        kinds.of(found.kind)
        verify(found, found.kind)
    except BadData as error:
        raise Misconfigured(f"--change model: {error}") from None
    return found


def _seen_until(model: "Model", timeframe: str) -> datetime:
    """Return the open time of the newest bar whose close the model has learned from: its labels look ahead."""
    return model.trained_to + int(model.params["horizon"]) * Timeframe.parse(timeframe).delta


def _forecasts(
    model: "Model", seen: Mapping[str, Mapping[str, Mapping[str, Any]]]
) -> dict[str, Mapping[str, float | None]]:
    """Return what `model` forecasts for each signal from its stored features; nothing where too little is known.

    Signals of one symbol may have met different versions of a bar, so those of one version are asked about together.
    """
    import polars as pl

    from models.forecast import kinds
    from models.forecast.scaled_return import SCALE

    columns = list(dict.fromkeys(("symbol", "ts", SCALE, *model.features)))
    together: defaultdict[Any, dict[str, Mapping[str, Any]]] = defaultdict(dict)
    for signal_id, shown in seen.items():
        if features := shown.get("features"):
            together[features["ts"], features["knowledge_ts"]][signal_id] = features
    found: dict[str, Mapping[str, float | None]] = {}
    for rows in together.values():
        each: Sequence[Mapping[str, Any]] = list({row["symbol"]: row for row in rows.values()}.values())
        frame = pl.DataFrame([{name: row.get(name) for name in columns} for row in each], infer_schema_length=None)
        told = {row["symbol"]: row for row in kinds.of(model.kind).predict(model, frame).iter_rows(named=True)}
        found |= {signal_id: told[row["symbol"]] for signal_id, row in rows.items() if row["symbol"] in told}
    return found
