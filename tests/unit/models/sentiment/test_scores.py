"""Scores of classes against a recount, and bands that are wide where days are few."""

from datetime import date, timedelta

import numpy as np
import pytest

from models.sentiment.scores import scorecard
from models.sentiment.text import CLASSES
from trading.errors import BadData

DAY = date(2025, 1, 1)


def drawn(rows: int, days: int, seed: int) -> tuple[list[str], list[str], list[date]]:
    rng = np.random.default_rng(seed)
    truth = [CLASSES[place] for place in rng.integers(0, 3, rows)]
    told = [each if rng.random() < 0.7 else CLASSES[rng.integers(0, 3)] for each in truth]
    return told, truth, [DAY + timedelta(days=int(day)) for day in rng.integers(0, days, rows)]


def test_equal_to_scikit_learn():
    from sklearn.metrics import accuracy_score, precision_recall_fscore_support

    told, truth, days = drawn(500, 40, seed=3)
    scores = scorecard(told, truth, days, seed=1)
    precision, recall, f1, _ = precision_recall_fscore_support(truth, told, labels=list(CLASSES))
    assert scores["accuracy"] == pytest.approx(accuracy_score(truth, told))
    assert scores["macro_f1"] == pytest.approx(float(np.mean(f1)))
    for place, name in enumerate(CLASSES):
        assert scores[f"precision_{name}"] == pytest.approx(precision[place])
        assert scores[f"recall_{name}"] == pytest.approx(recall[place])
        assert scores[f"f1_{name}"] == pytest.approx(f1[place])
    assert scores["rows_scored"] == 500
    assert scores["days_scored"] == 40


def test_bands_hold_the_score_and_repeat_by_seed():
    told, truth, days = drawn(500, 40, seed=3)
    scores = scorecard(told, truth, days, seed=1)
    assert scores == scorecard(told, truth, days, seed=1)
    assert scores["accuracy_low"] < scores["accuracy"] < scores["accuracy_high"]
    # A binomial of 500 has a band of about 0.08.
    assert 0.05 < scores["accuracy_high"] - scores["accuracy_low"] < 0.12


def test_headlines_of_one_day_count_as_one_draw():
    truth = ["positive"] * 200
    told = ["positive"] * 100 + ["negative"] * 100
    apart = scorecard(told, truth, [DAY + timedelta(days=row) for row in range(200)], seed=1)
    together = scorecard(told, truth, [DAY] * 100 + [DAY + timedelta(days=1)] * 100, seed=1)
    assert apart["accuracy_low"] > 0.4
    assert (together["accuracy_low"], together["accuracy_high"]) == (0.0, 1.0)


def test_bad_input_is_named():
    with pytest.raises(BadData, match="no labelled text"):
        scorecard([], [], [], seed=1)
    with pytest.raises(BadData, match="not as many"):
        scorecard(["neutral"], [], [DAY], seed=1)
    with pytest.raises(BadData, match="bullish is no class"):
        scorecard(["bullish"], ["neutral"], [DAY], seed=1)
