"""Drift: whether features still look as they did in training, and whether forecasts are still as far off as promised.

A stretch of bars never looks like the whole history: its bars hang together. So a feature counts as drifted only beyond
what any stretch of the same length showed within the training itself.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models.model import finite, need_columns
from models.quantiles import BANDS, name_of
from trading.errors import BadData

Array = NDArray[np.float64]

#: Bars of a symbol that are compared with the training; fewer than LEAST of them say nothing.
WINDOW, LEAST = 240, 120
#: Parts of equal size that the training is cut into.
PARTS = 10
#: A part without a bar counts as this share, or the index would be infinite.
FLOOR = 1e-3
#: How far beyond the largest index within the training a feature has to be, and the least index that counts at all.
PSI_MARGIN, PSI_LEAST = 1.5, 0.25
KS_MARGIN, KS_LEAST = 1.25, 0.2
#: A symbol has drifted when more than this share of its features have.
SHARE = 0.25
#: So many independent forecasts say how far off they are; a mean error of so many of its deviations is no chance.
LEAST_FORECASTS, OFF = 25, 5.0
#: The 80 % band has failed when it holds fewer than this share of outcomes.
LEAST_COVERED = 0.55

RANGES = pl.Schema(
    {
        "feature": pl.String,
        "edges": pl.List(pl.Float64),
        "shares": pl.List(pl.Float64),
        "psi_limit": pl.Float64,
        "ks_limit": pl.Float64,
        "bars": pl.Int64,
    }
)


def ranges(rows: pl.DataFrame, features: Sequence[str]) -> pl.DataFrame:
    """Return RANGES: how each feature was distributed in the training `rows` (symbol, ts, features), with its limits.

    `edges` cut the training into PARTS of equal size, with the `shares` of rows between them; a feature of few values
    has fewer. The limits are the margins times the largest index of any stretch of WINDOW bars of one symbol.

    Raises:
        BadData: a column is missing, or there is no row.
    """
    need_columns(rows, ("symbol", "ts", *features), "drift")
    whole = rows.filter(finite(features)).sort("symbol", "ts")
    if whole.is_empty():
        raise BadData("drift: no complete row to compare with later")
    stretches = _stretches(whole["symbol"])
    found = []
    for name in features:
        values = whole[name].to_numpy()
        edges = np.unique(np.quantile(values, np.linspace(0, 1, PARTS + 1)[1:-1]))
        places = np.searchsorted(edges, values, side="right")
        shares = _shares(places, len(edges) + 1)
        indices = [_indices(shares, _shares(places[part], len(edges) + 1)) for part in stretches]
        psi, ks = (max((each[which] for each in indices), default=0.0) for which in (0, 1))
        limits = max(psi * PSI_MARGIN, PSI_LEAST), max(ks * KS_MARGIN, KS_LEAST)
        found.append((name, edges.tolist(), shares.tolist(), *limits, whole.height))
    return pl.DataFrame(found, schema=RANGES, orient="row")


def measure(known: pl.DataFrame, recent: pl.DataFrame) -> pl.DataFrame:
    """Return feature, psi, ks, their limits and `drifted` of the newest WINDOW rows of `recent` (ts, features).

    `psi` is the population stability index, `ks` the largest distance of the cumulated shares at the edges: a lower
    bound of Kolmogorov and Smirnov's. No row when fewer than LEAST are complete.

    Raises:
        BadData: a feature of the training is missing.
    """
    names = known["feature"].to_list()
    need_columns(recent, ("ts", *names), "drift")
    rows = recent.filter(finite(names)).sort("ts").tail(WINDOW)
    found = []
    for row in known.iter_rows(named=True) if rows.height >= LEAST else ():
        edges, shares = np.asarray(row["edges"], dtype=np.float64), np.asarray(row["shares"])
        places = np.searchsorted(edges, rows[row["feature"]].to_numpy(), side="right")
        psi, ks = _indices(shares, _shares(places, len(shares)))
        limits = row["psi_limit"], row["ks_limit"]
        found.append((row["feature"], psi, ks, *limits, psi > limits[0] or ks > limits[1]))
    kinds = dict.fromkeys(("psi", "ks", "psi_limit", "ks_limit"), pl.Float64)
    return pl.DataFrame(found, schema={"feature": pl.String, **kinds, "drifted": pl.Boolean}, orient="row")


def of_features(measured: pl.DataFrame) -> str | None:
    """Return why the features of a symbol, as `measure` tells them, have drifted; None: they have not."""
    drifted = measured.filter("drifted")
    if measured.is_empty() or drifted.height <= SHARE * measured.height:
        return None
    worst = drifted.sort(pl.col("psi") / pl.col("psi_limit"), descending=True).head(3)
    told = ", ".join(f"{row['feature']} (psi {row['psi']:.2f} > {row['psi_limit']:.2f})" for row in worst.to_dicts())
    return f"{drifted.height} of {measured.height} features are not as in training: {told}"


def of_forecasts(outcomes: pl.DataFrame, scores: Mapping[str, float], horizon: int) -> str | None:
    """Return why forecasts are further off than promised; None: they are not, or too few are known.

    `outcomes` has expected_return, sigma and label of successive bars of one symbol, whose labels of `horizon` bars
    overlap: only every horizon-th counts as new. `scores` are those of the model.
    """
    told = outcomes.filter(finite(["expected_return", "sigma", "label"]) & (pl.col("sigma") > 0))
    independent = told.height / horizon
    if independent < LEAST_FORECASTS or not scores.get("standard_error"):
        return None
    errors = told.select((pl.col("label") - pl.col("expected_return")) / pl.col("sigma")).to_series().to_numpy()
    off = float(errors.mean()) * math.sqrt(independent)
    if abs(off) > OFF:
        return f"mean error of {told.height} forecasts is {errors.mean():.2f} of its deviation, {off:.1f} of its own"
    low, high = (scores.get(name_of(level)) for level in BANDS[80])
    if low is None or high is None:
        return None
    in_units = errors * scores["standard_error"]
    covered = float(((in_units >= low) & (in_units <= high)).mean())
    return f"the 80 % band held {covered:.1%} of {told.height} outcomes" if covered < LEAST_COVERED else None


def _stretches(symbols: pl.Series) -> list[slice]:
    """Return stretches of WINDOW rows of one symbol, each half a window after the one before."""
    found = []
    lengths = symbols.rle().struct.unnest()
    first = 0
    for length in lengths["len"].to_list():
        found += [slice(first + start, first + start + WINDOW) for start in range(0, length - WINDOW + 1, WINDOW // 2)]
        first += length
    return found


def _shares(places: NDArray[np.intp], parts: int) -> Array:
    return np.bincount(places, minlength=parts) / max(len(places), 1)


def _indices(known: Array, seen: Array) -> tuple[float, float]:
    one, other = np.maximum(known, FLOOR), np.maximum(seen, FLOOR)
    psi = float(((other - one) * np.log(other / one)).sum())
    return psi, float(np.abs(np.cumsum(known) - np.cumsum(seen)).max())
