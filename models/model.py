"""A trained model as a value: everything that is needed to use it, and to know where it comes from."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from trading.errors import BadData

Parameter = int | float | str | bool


@dataclass(frozen=True)
class Model:
    """A model: `artefact` is text, `trained_from` and `trained_to` the open times of the first and last training bar.

    `params` is what the fit was told, `scores` what it measured. `model_id` names artefact, data, features, seed and
    parameters together: the same text from other data is another model.
    """

    model_id: str
    kind: str
    features: tuple[str, ...]
    params: Mapping[str, Parameter]
    seed: int
    trained_from: datetime
    trained_to: datetime
    data_hash: str
    scores: Mapping[str, float]
    artefact: str


def build(
    *,
    kind: str,
    features: Sequence[str],
    params: Mapping[str, Parameter],
    seed: int,
    trained_from: datetime,
    trained_to: datetime,
    data_hash: str,
    scores: Mapping[str, float],
    artefact: str,
) -> Model:
    """Return the model with its id."""
    name = identify(
        kind=kind,
        features=features,
        params=params,
        seed=seed,
        data_hash=data_hash,
        scores=scores,
        artefact=artefact,
    )
    return Model(
        name, kind, tuple(features), dict(params), seed, trained_from, trained_to, data_hash, dict(scores), artefact
    )


def identify(
    *,
    kind: str,
    features: Sequence[str],
    params: Mapping[str, Parameter],
    seed: int,
    data_hash: str,
    scores: Mapping[str, float],
    artefact: str,
) -> str:
    """Return the hex SHA-256 that names a model; a number counts by its value, however a JSON column spells it."""
    told = {name: _plain(value) for name, value in params.items()}
    measured = {name: _plain(value) for name, value in scores.items()}
    whole = [kind, list(features), told, seed, data_hash, measured, artefact]
    return hashlib.sha256(json.dumps(whole, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _plain(value: Parameter) -> float | str | bool:
    # Minus zero and whole floats come back from a JSON column as 0 and as integers.
    return value if isinstance(value, str | bool) else float(value) + 0.0


def verify(model: Model, kind: str) -> None:
    """Raise BadData when `model` is not of `kind`, or when its content does not carry its id (damaged in storage)."""
    if model.kind != kind:
        raise BadData(f"model {model.model_id} is a {model.kind}, not a {kind}")
    actual = identify(
        kind=model.kind,
        features=model.features,
        params=model.params,
        seed=model.seed,
        data_hash=model.data_hash,
        scores=model.scores,
        artefact=model.artefact,
    )
    if actual != model.model_id:
        raise BadData(f"model {model.model_id} is damaged: its content has the id {actual}")


def need_columns(frame: pl.DataFrame, columns: Sequence[str], use: str) -> None:
    """Raise BadData naming the columns that `frame` lacks, or that are no numbers or times, for `use`."""
    missing = [name for name in columns if name not in frame.columns]
    if missing:
        raise BadData(f"{use}: column {', '.join(missing)} is missing")
    texts = [name for name in columns if frame.schema[name] == pl.String and name != "symbol"]
    if texts:
        raise BadData(f"{use}: column {', '.join(texts)} holds text, not numbers")


def finite(columns: Sequence[str]) -> pl.Expr:
    """Return the expression that is true for rows whose `columns` are all finite numbers."""
    return pl.all_horizontal(pl.col(name).is_finite().fill_null(value=False) for name in columns)
