"""Sentiment by words learned from labelled headlines: TF-IDF and logistic regression, kept as text.

A model is as good as its labels: where a tool made them, it learns to say what that tool says.
"""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models.features import data_hash
from models.model import Model, Parameter, build, need_columns, verify
from models.sentiment.text import CLASSES, judged, texts
from models.sentiment.words import matrix, vocabulary
from trading.errors import BadData

KIND = "tfidf_sentiment"

MIN_ROWS = 300

DEFAULTS: Mapping[str, Parameter] = {"least": 3, "most": 5000, "strength": 1.0}

#: Digits of a weight that are kept: beyond them systems differ.
DIGITS = 9

Array = NDArray[np.float64]


def fit(frame: pl.DataFrame, seed: int, params: Mapping[str, Parameter] | None = None) -> Model:
    """Return the model of `frame`: ts (when published), text, label (CLASSES); rows without one are left out.

    A text that is given twice counts once, with its first label. `params` change DEFAULTS: words of at least `least`
    texts, `most` of them, `strength` of the regression (the larger, the closer to its rows).

    Raises:
        BadData: a column is missing, a label is none of CLASSES, a parameter is unknown, fewer than MIN_ROWS rows are
            complete or one class has none.

    """
    settings = _settings(params)
    rows = training_rows(frame)
    said = rows["text"].to_list()
    rarity = vocabulary(said, int(settings["least"]), int(settings["most"]))
    if not rarity:
        raise BadData(f"{KIND}: no word is in {settings['least']} texts or more")
    answer = np.array([CLASSES.index(label) for label in rows["label"]])
    weights, offsets = _regression(matrix(said, rarity), answer, float(settings["strength"]), seed)
    artefact = {
        "words": list(rarity),
        "rarity": list(rarity.values()),
        "weights": [_kept(row) for row in weights],
        "offsets": _kept(offsets),
    }
    counts = {f"rows_{name}": float((answer == place).sum()) for place, name in enumerate(CLASSES)}
    return build(
        kind=KIND,
        features=("text",),
        params=settings,
        seed=seed,
        trained_from=rows["ts"].min(),  # pyright: ignore[reportArgumentType]
        trained_to=rows["ts"].max(),  # pyright: ignore[reportArgumentType]
        data_hash=data_hash(rows),
        scores={"rows_trained": float(rows.height), "rows_dropped": float(frame.height - rows.height), **counts},
        artefact=json.dumps(artefact, separators=(",", ":")),
    )


def training_rows(frame: pl.DataFrame) -> pl.DataFrame:
    """Return ts, text, label of the rows that a model is trained on, oldest first; errors as in `fit`."""
    need_columns(frame.drop("text", "label", strict=False), ("ts",), KIND)
    said = frame.select("ts", text=pl.Series(texts(frame, KIND), dtype=pl.String), label=_labels(frame))
    complete = said.filter(
        pl.col("text").str.contains(r"\w") & pl.col("label").is_not_null() & pl.col("ts").is_not_null()
    )
    rows = complete.sort("ts", "text", "label").unique("text", keep="first", maintain_order=True)
    if rows.height < MIN_ROWS:
        raise BadData(f"{KIND}: {rows.height} complete labelled texts of {frame.height}; {MIN_ROWS} are needed")
    missing = sorted(set(CLASSES) - set(rows["label"].unique()))
    if missing:
        raise BadData(f"{KIND}: no text is labelled {', '.join(missing)}; each of {', '.join(CLASSES)} is needed")
    return rows


def predict(model: Model, frame: pl.DataFrame) -> pl.DataFrame:
    """Return `frame` (text) with score (chance of positive less that of negative, -1..1) and label, the likeliest.

    Raises:
        BadData: the model is damaged or of another kind, or the column is missing.

    """
    verify(model, KIND)
    told: dict[str, Any] = json.loads(model.artefact)
    rarity = dict(zip(told["words"], told["rarity"], strict=True))
    x = matrix(texts(frame, KIND), rarity)
    powers = np.asarray(x @ np.array(told["weights"]).T) + np.array(told["offsets"])
    chances = np.exp(powers - powers.max(axis=1, keepdims=True))
    chances /= chances.sum(axis=1, keepdims=True)
    labels = [CLASSES[place] for place in chances.argmax(axis=1)]
    return judged(frame, (chances[:, 2] - chances[:, 0]).tolist(), labels)


def _labels(frame: pl.DataFrame) -> pl.Series:
    if "label" not in frame.columns:
        raise BadData(f"{KIND}: column label is missing")
    label = frame["label"].cast(pl.String)
    wrong = sorted(set(label.drop_nulls().unique()) - set(CLASSES))
    if wrong:
        raise BadData(f"{KIND}: column label holds {', '.join(wrong[:5])}; known are {', '.join(CLASSES)}")
    return label


def _settings(params: Mapping[str, Parameter] | None) -> dict[str, Parameter]:
    unknown = sorted(set(params or {}) - set(DEFAULTS))
    if unknown:
        raise BadData(f"{KIND}: unknown parameter {', '.join(unknown)}; known are {', '.join(DEFAULTS)}")
    return {**DEFAULTS, **(params or {})}


def _regression(x: Any, answer: NDArray[np.intp], strength: float, seed: int) -> tuple[Array, Array]:
    """Return the weights (classes x words) and offsets; classes weigh alike, however many rows each has."""
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    model = LogisticRegression(C=strength, class_weight="balanced", max_iter=1000, tol=1e-6, random_state=seed)
    # Threads of linear algebra spin while they wait for each other: one is twenty times as fast beside busy processes.
    with threadpool_limits(1):
        model.fit(x, answer)
    return np.asarray(model.coef_, dtype=np.float64), np.asarray(model.intercept_, dtype=np.float64)


def _kept(values: Array) -> list[float]:
    return [float(f"{value:.{DIGITS}g}") for value in values]
