"""Forward returns: by definition, never over a hole, never past the end."""

import math

import polars as pl
import pytest

from models.labels import LABELS, forward_return, training_set
from tests.fakes.random_panel import random_panel
from trading.timeframe import Timeframe

HOUR = Timeframe.parse("1h")


@pytest.mark.parametrize("horizon", [1, 4])
def test_a_label_is_the_log_return_of_the_bar_exactly_that_far_ahead(horizon: int):
    panel = random_panel(3, 120, gaps=20)
    known = {(symbol, ts): close for symbol, ts, close in panel.select("symbol", "ts", "close").iter_rows()}
    labels = forward_return(panel, HOUR, horizon)
    assert labels.schema == LABELS
    assert labels.height == panel.height
    for row in labels.iter_rows(named=True):
        path = [known.get((row["symbol"], row["ts"] + HOUR.delta * step)) for step in range(horizon + 1)]
        if None in path:
            assert row["label"] is None
        else:
            assert row["label"] == pytest.approx(math.log(path[-1] / path[0]), abs=1e-14)
        assert row["t0"] == row["ts"] + HOUR.delta
        assert row["t1"] == row["t0"] + HOUR.delta * horizon


def test_a_training_set_joins_features_with_their_labels():
    panel = random_panel(4, 50)
    features = panel.select("symbol", "ts", body=pl.col("close") - pl.col("open")).reverse()
    rows = training_set(features, panel, HOUR, 2)
    assert rows.columns == ["symbol", "ts", "body", "t0", "t1", "label"]
    assert rows.select("symbol", "ts").equals(panel.select("symbol", "ts"))
