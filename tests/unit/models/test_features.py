"""The canonical hash of frames."""

import subprocess
import sys
from datetime import UTC, datetime

import polars as pl

from models.features import data_hash
from tests.fakes.random_panel import random_panel

FRAME = pl.DataFrame(
    {"symbol": ["A", "B"], "ts": [datetime(2024, 1, 1, tzinfo=UTC)] * 2, "x": [0.1, None], "y": [float("nan"), -0.0]}
)


def test_order_of_rows_and_columns_does_not_matter():
    panel = random_panel(5, 100)
    shuffled = panel.sample(fraction=1, shuffle=True, seed=1).select(sorted(panel.columns, reverse=True))
    assert data_hash(shuffled) == data_hash(panel)
    assert len(data_hash(panel)) == 64


def test_any_change_of_content_changes_it():
    changes = [
        FRAME.with_columns(x=pl.col("x") + 1e-16 * 100),
        FRAME.with_columns(x=pl.col("x").fill_null(float("nan"))),
        FRAME.with_columns(y=pl.col("y").fill_nan(None)),
        FRAME.rename({"x": "z"}),
        FRAME.head(1),
        FRAME.with_columns(pl.col("ts").dt.offset_by("1us")),
        FRAME.with_columns(pl.col("symbol").replace("A", "null")),
    ]
    assert len({data_hash(frame) for frame in [FRAME, *changes]}) == len(changes) + 1
    assert data_hash(FRAME.with_columns(y=pl.col("y").abs())) == data_hash(FRAME)


def test_it_is_the_same_in_another_process():
    code = (
        "from tests.fakes.random_panel import random_panel; from models.features import data_hash;"
        "print(data_hash(random_panel(5, 100)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.split()[-1] == data_hash(random_panel(5, 100))
