"""Scores of told against true classes, each with a band: how far another draw of days would move it."""

from collections.abc import Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from models.sentiment.text import CLASSES
from trading.errors import BadData

Array = NDArray[np.float64]

#: Draws of days behind a band, and the share of them that lies within it.
DRAWS, WITHIN = 1_000, 0.95


def scorecard(told: Sequence[str], truth: Sequence[str], days: Sequence[date], seed: int) -> dict[str, float]:
    """Return accuracy, macro F1, precision, recall and F1 of each class, with bands of the first two and of each F1.

    A band (name_low, name_high) holds WITHIN of the scores of DRAWS resamples of whole days, for headlines of one day
    tell of the same. A class that is neither told nor true has the score 0. `seed` makes the bands repeatable.

    Raises:
        BadData: nothing is scored, lengths differ, or a class is none of CLASSES.

    """
    if not len(told) == len(truth) == len(days):
        raise BadData(f"scores: {len(told)} told, {len(truth)} true classes and {len(days)} days are not as many")
    if not told:
        raise BadData("scores: there is no labelled text to score")
    wrong = sorted({*told, *truth} - set(CLASSES))
    if wrong:
        raise BadData(f"scores: {', '.join(wrong)} is no class; known are {', '.join(CLASSES)}")
    by_day = _confusions(told, truth, days)
    scores = _scores(by_day.sum(axis=0)[None])
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(len(by_day), np.full(len(by_day), 1 / len(by_day)), size=DRAWS)
    draws = _scores(np.tensordot(drawn.astype(np.float64), by_day, axes=1))
    found = {name: float(value[0]) for name, value in scores.items()}
    tail = (1 - WITHIN) / 2
    for name in ("accuracy", "macro_f1", *(f"f1_{each}" for each in CLASSES)):
        low, high = np.quantile(draws[name], [tail, 1 - tail])
        found |= {f"{name}_low": float(low), f"{name}_high": float(high)}
    return {"rows_scored": float(len(told)), "days_scored": float(len(by_day)), **found}


def _confusions(told: Sequence[str], truth: Sequence[str], days: Sequence[date]) -> Array:
    """Return how often each class (second axis, true) was told as each (third) on each day (first)."""
    place = {name: number for number, name in enumerate(CLASSES)}
    order = {day: number for number, day in enumerate(sorted(set(days)))}
    counts = np.zeros((len(order), len(CLASSES), len(CLASSES)))
    rows = ([order[day] for day in days], [place[name] for name in truth], [place[name] for name in told])
    np.add.at(counts, rows, 1)
    return counts


def _scores(counts: Array) -> dict[str, Array]:
    """Return the scores of each of some confusions."""
    hits = np.diagonal(counts, axis1=1, axis2=2)
    told, true = counts.sum(axis=1), counts.sum(axis=2)
    precision, recall = _share(hits, told), _share(hits, true)
    f1 = _share(2 * hits, told + true)
    found = {"accuracy": _share(hits.sum(axis=1), counts.sum(axis=(1, 2))), "macro_f1": f1.mean(axis=1)}
    for place, name in enumerate(CLASSES):
        found |= {
            f"precision_{name}": precision[:, place],
            f"recall_{name}": recall[:, place],
            f"f1_{name}": f1[:, place],
        }
    return found


def _share(part: Array, whole: Array) -> Array:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
