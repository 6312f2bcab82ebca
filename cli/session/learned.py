"""What a model was made from, read once more: its id from its content, its data hash and window from stored rows."""

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from adapters.evidence.marks import Learned
from adapters.store.frames import Store
from models.model import identify
from trading.audit import digest
from trading.candle import PANEL
from trading.errors import BadData
from trading.timeframe import Timeframe

if TYPE_CHECKING:
    import polars as pl

    from adapters.evidence.history import Row


class Learning:
    """Answers for each model once: orders share them, and their training rows are many."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[tuple[str, str, str], Learned] = {}

    def __call__(self, model: "Row", book: "Row | None") -> Learned:
        """Return what the rows say that the model `model` of `book` rests on; None for what they do not say."""
        key = (model["book"], model["place"], model["model_id"])
        if key not in self._known:
            self._known[key] = self._learned(model, None if book is None else book["configuration"])
        return self._known[key]

    def _learned(self, model: "Row", chosen: dict[str, Any] | None) -> Learned:
        name = identify(
            kind=model["kind"],
            features=model["features"],
            params=model["parameters"],
            seed=model["seed"],
            data_hash=model["data_hash"],
            scores=model["scores"],
            artefact=model["artefact"],
        )
        if chosen is None:
            return Learned(name, None, None, None)
        if model["place"] == "rule_models":
            return self._ruled(name, model, chosen)
        try:
            return self._trained(name, model, chosen)
        except BadData:
            return Learned(name, None, None, None)

    def _ruled(self, name: str, model: "Row", chosen: dict[str, Any]) -> Learned:
        """Return what a rule says: nothing was learned, its window is the history of its book up to its making."""
        until = min(model["trained_to"], model["knowledge_ts"])
        return Learned(name, digest(json.loads(model["artefact"])), _start(chosen), until)

    def _trained(self, name: str, model: "Row", chosen: dict[str, Any]) -> Learned:
        from models.features import data_hash

        rows = self._rows(model, chosen)
        within = rows
        if data_hash(rows) != model["data_hash"]:
            # A training that took long ended after bars that it had not seen; a narrower window is no other truth.
            window = rows["ts"].is_between(model["trained_from"], model["trained_to"])
            within = rows.filter(window)
        if within.is_empty():
            return Learned(name, None, None, None)
        times = within["ts"].sort()
        return Learned(name, data_hash(within), times[0], times[-1])

    def _rows(self, model: "Row", chosen: dict[str, Any]) -> "pl.DataFrame":
        """Return the rows to train on as they were known when the model was made; BadData for an unknown kind."""
        from models.forecast import kinds, scaled_return
        from models.labels import training_set
        from models.regime import gaussian_mixture

        made = model["knowledge_ts"]
        where = {"venue": chosen["venue"], "timeframe": chosen["timeframe"], "symbol": tuple(chosen["symbols"])}
        learned = model["place"] == "price_models"
        if learned:
            kinds.of(model["kind"])
        elif model["kind"] != gaussian_mixture.KIND:
            raise BadData(f"{model['kind']} is no kind of regime model")
        features = self._store.read(
            "features.technical_features",
            {"book": model["book"], **where},
            end=made,
            as_of=made,
            columns=["symbol", "ts", *dict.fromkeys((*([scaled_return.SCALE] if learned else []), *model["features"]))],
        )
        if not learned:
            return gaussian_mixture.training_rows(features)
        panel = self._store.read("market.candles", where, _start(chosen), made, as_of=made, columns=list(PANEL))
        labelled = training_set(features, panel, Timeframe.parse(chosen["timeframe"]), model["parameters"]["horizon"])
        return scaled_return.training_rows(labelled, model["features"], model["kind"])


def _start(chosen: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(chosen["history_start"])
