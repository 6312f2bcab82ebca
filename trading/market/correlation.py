"""How symbols move together: correlations over a rolling window, shrunk, and the clusters that they form.

Ledoit and Wolf, "A well-conditioned estimator for large-dimensional covariance matrices" (2004), on returns that are
scaled to one deviation: the target is then no correlation at all, and all correlations are drawn to it alike.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray

from trading.candle import TS
from trading.timeframe import Timeframe

#: The window ends with a UTC day and is so long.
WINDOW = timedelta(days=30)
#: A symbol takes part where it has at least this share of the bars of the window, and the window this many bars.
_LEAST_SHARE, _LEAST_BARS = 0.8, 20
#: Clusters grow while their members correlate, on average of the distances, at least so much.
TOGETHER = 0.5

CORRELATIONS = pl.Schema(
    {
        "symbol": pl.String,
        "other": pl.String,
        "ts": TS,
        "closed_at": TS,
        "value": pl.Float64,
        "sample_value": pl.Float64,
        "shrinkage": pl.Float64,
        "bars": pl.Int32,
        "same_cluster": pl.Boolean,
    }
)

Array = NDArray[np.float64]


def correlations(panel: pl.DataFrame, timeframe: Timeframe, since: datetime | None = None) -> pl.DataFrame:
    """Return one row per pair of symbols (symbol < other) and UTC day of `panel` that has ended, sorted by ts, pair.

    `ts` is the start of the day, `closed_at` its end, when the row is knowable. Compared are the log returns over one
    bar of the bars that all symbols of the window share; a return over a hole is none. `sample_value` is their
    correlation, `value` the same drawn to 0 by `shrinkage`. Symbols that do not move, or miss a fifth of the window,
    have no row, and neither has a window of fewer than 20 bars. `since` leaves out days that begin earlier.
    """
    moves = _returns(panel, timeframe)
    if moves.is_empty():
        return CORRELATIONS.to_frame()
    reached = panel["ts"].max() + timeframe.delta  # pyright: ignore[reportOptionalOperand, reportOperatorIssue, reportUnknownVariableType]
    days = moves.select(pl.col("ts").dt.truncate("1d").unique().sort()).to_series()
    rows: list[tuple[object, ...]] = []
    for day in days:
        end = day + timedelta(days=1)
        if end <= reached and (since is None or day >= since):
            window = moves.filter((pl.col("ts") >= end - WINDOW) & (pl.col("ts") < end))
            rows += _of_window(window.drop("ts"), day, end)
    return pl.DataFrame(rows, schema=CORRELATIONS, orient="row")


def shrinkage(scaled: Array) -> float:
    """Return Ledoit and Wolf's intensity, 0..1, for `scaled` (rows x symbols): mean 0, mean square 1 per column."""
    rows, columns = scaled.shape
    squares = scaled**2
    distance = float(((scaled.T @ scaled) ** 2).sum()) / rows**2
    noise = (float((squares.T @ squares).sum()) / rows - distance) / (columns * rows)
    spread = (distance - columns) / columns
    return min(max(noise, 0.0), spread) / spread if spread > 0 else 1.0


def clusters(matrix: Array, together: float = TOGETHER) -> list[int]:
    """Return the number of the cluster of each symbol, from 0 in the order of their first members.

    Average linkage over the distances sqrt((1 - correlation) / 2): the two nearest clusters become one, the first pair
    of equal ones, until none are as near as two symbols that correlate by `together`.
    """
    distances = np.sqrt(np.clip(1.0 - matrix, 0.0, 2.0) / 2.0)
    limit = float(np.sqrt((1.0 - together) / 2.0))
    groups = [[place] for place in range(len(matrix))]
    while len(groups) > 1:
        gaps = [
            (float(distances[np.ix_(groups[a], groups[b])].mean()), a, b)
            for a in range(len(groups))
            for b in range(a + 1, len(groups))
        ]
        nearest, a, b = min(gaps)
        if nearest > limit:
            break
        groups[a] += groups.pop(b)
    labels = [0] * len(matrix)
    for number, group in enumerate(sorted(groups, key=min)):
        for place in group:
            labels[place] = number
    return labels


def agreement(first: Sequence[int], second: Sequence[int]) -> float:
    """Return the adjusted Rand index of two clusterings of the same symbols: 1 the same, 0 no better than chance."""
    a, b = (np.unique(np.asarray(labels), return_inverse=True)[1] for labels in (first, second))
    table = np.zeros((int(a.max()) + 1, int(b.max()) + 1))
    np.add.at(table, (a, b), 1)
    both, of_a, of_b = (float((t * (t - 1) / 2).sum()) for t in (table, table.sum(1), table.sum(0)))
    pairs = len(a) * (len(a) - 1) / 2
    chance = of_a * of_b / pairs if pairs else 0.0
    most = (of_a + of_b) / 2
    return 1.0 if most == chance else (both - chance) / (most - chance)


def stability(panel: pl.DataFrame, timeframe: Timeframe) -> list[float]:
    """Return how far the clusters of each two windows that follow one another, without overlap, agree, oldest first.

    Windows are as long as WINDOW; compared are the symbols that both have.
    """
    moves = _returns(panel, timeframe)
    parts = [
        _labels(window.drop("ts", "part"))
        for window in moves.with_columns(part=pl.col("ts").dt.truncate(f"{WINDOW.days}d")).partition_by(
            "part", maintain_order=True
        )
    ]
    found: list[float] = []
    for before, after in pairwise(parts):
        shared = sorted(set(before) & set(after))
        if len(shared) > 1:
            found.append(agreement([before[name] for name in shared], [after[name] for name in shared]))
    return found


def _returns(panel: pl.DataFrame, timeframe: Timeframe) -> pl.DataFrame:
    """Return ts and a column of log returns per symbol; null where a bar or the one before it is missing."""
    near = pl.col("ts").diff().over("symbol") == timeframe.delta
    move = (pl.col("close") / pl.col("close").shift(1).over("symbol")).log()
    moves = panel.sort("symbol", "ts").select("symbol", "ts", move=pl.when(near & move.is_finite()).then(move))
    names = sorted(moves["symbol"].unique())
    return moves.pivot(on="symbol", index="ts", values="move").sort("ts").select("ts", *names)


def _scaled(window: pl.DataFrame) -> tuple[list[str], Array]:
    """Return the symbols that take part and their shared returns, scaled to mean 0 and mean square 1."""
    here = [name for name in window.columns if window[name].count() >= _LEAST_SHARE * window.height]
    values = window.select(here).drop_nulls().to_numpy().astype(np.float64) if here else np.empty((0, 0))
    if len(values) < _LEAST_BARS:
        return [], np.empty((0, 0))
    # A rolling sum of a series that stands still leaves dust, and dust has no correlation.
    moving = values.std(axis=0) > 1e-12
    values = values[:, moving]
    centred = values - values.mean(axis=0)
    return [name for name, moves in zip(here, moving, strict=True) if moves], centred / centred.std(axis=0)


def _labels(window: pl.DataFrame) -> dict[str, int]:
    names, scaled = _scaled(window)
    if len(names) < 2:
        return {}
    return dict(zip(names, clusters(_shrunk(_matrix(scaled), shrinkage(scaled))), strict=True))


def _matrix(scaled: Array) -> Array:
    return np.clip(scaled.T @ scaled / len(scaled), -1.0, 1.0)


def _shrunk(matrix: Array, drawn: float) -> Array:
    return (1 - drawn) * matrix + drawn * np.eye(len(matrix))


def _of_window(window: pl.DataFrame, day: datetime, end: datetime) -> list[tuple[object, ...]]:
    names, scaled = _scaled(window)
    if len(names) < 2:
        return []
    sample, drawn = _matrix(scaled), shrinkage(scaled)
    labels = clusters(_shrunk(sample, drawn))
    return [
        (names[a], names[b], day, end, (1 - drawn) * found, found, drawn, len(scaled), labels[a] == labels[b])
        for a in range(len(names))
        for b in range(a + 1, len(names))
        for found in (float(sample[a, b]),)
    ]
