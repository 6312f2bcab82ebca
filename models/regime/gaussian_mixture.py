"""Market regimes: a Gaussian mixture over volatility and trend, filtered forward in time as a hidden Markov model.

The states are named by their volatility: calm, normal, turbulent. A label uses what was known at its bar and nothing
later (the forward algorithm, never Viterbi or smoothing), so it does not change when more data arrive.
"""

import json
import math
import warnings
from collections.abc import Iterator

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models.features import data_hash
from models.model import Model, build, finite, need_columns, verify
from trading.errors import BadData

KIND = "gaussian_mixture_regime"
REGIMES = ("calm", "normal", "turbulent")
FEATURES = ("volatility_24", "volatility_ratio_6_48", "efficiency_24")
MIN_ROWS = 300

#: More points than these say nothing new about three clusters; they are thinned out evenly.
MAX_POINTS = 20_000

#: A market that does not move at all has no logarithm of its volatility.
FLOOR = 1e-7

Array = NDArray[np.float64]


def fit(frame: pl.DataFrame, seed: int) -> Model:
    """Return the regime model of `frame` (symbol, ts, FEATURES); rows with nulls are dropped and counted in `scores`.

    Volatility is taken relative to each symbol's own median, so that a symbol is turbulent by its own standards.

    Raises:
        BadData: a column is missing, or fewer than MIN_ROWS rows are complete.

    """
    need_columns(frame, ("symbol", "ts", *FEATURES), KIND)
    rows = frame.filter(finite(FEATURES)).select("symbol", "ts", *FEATURES).sort("symbol", "ts")
    if rows.height < MIN_ROWS:
        raise BadData(f"{KIND}: {rows.height} complete rows of {frame.height}; {MIN_ROWS} are needed after the warm-up")
    medians = rows.group_by("symbol").agg(pl.col("volatility_24").median()).sort("symbol")
    centres = {symbol: max(median, FLOOR) for symbol, median in medians.iter_rows()}
    points = _points(rows, centres)
    scale = np.maximum(points.std(axis=0), 1e-6)
    fitted = {"centres": centres, "scale": scale.tolist(), **_mixture(points / scale, seed)}
    likelihood = _likelihood(points, fitted)
    posterior = likelihood * np.asarray(fitted["weights"])
    states = posterior.argmax(axis=1)
    fitted["transitions"] = _transitions(states, rows["symbol"]).tolist()
    shares = {f"share_{name}": float(np.mean(states == place)) for place, name in enumerate(REGIMES)}
    return build(
        kind=KIND,
        features=FEATURES,
        params={"components": len(REGIMES)},
        seed=seed,
        trained_from=rows.select(pl.col("ts").min()).item(),
        trained_to=rows.select(pl.col("ts").max()).item(),
        data_hash=data_hash(rows),
        scores={
            "rows_trained": float(rows.height),
            "rows_dropped": float(frame.height - rows.height),
            **shares,
        },
        artefact=json.dumps(fitted, sort_keys=True),
    )


def predict(model: Model, frame: pl.DataFrame) -> pl.DataFrame:
    """Return symbol, ts, regime and its filtered probability, for every row of `frame` whose FEATURES are complete.

    The filter starts with the first row of each symbol: feed the history from a fixed origin.

    Raises:
        BadData: the model is damaged or of another kind, or a column is missing.

    """
    verify(model, KIND)
    need_columns(frame, ("symbol", "ts", *FEATURES), KIND)
    rows = frame.filter(finite(FEATURES)).select("symbol", "ts", *FEATURES).sort("symbol", "ts")
    fitted = json.loads(model.artefact)
    names = pl.Series("regime", REGIMES)
    parts = [
        pl.DataFrame(schema={**rows.select("symbol", "ts").schema, "regime": pl.String, "probability": pl.Float64})
    ]
    for one in rows.partition_by("symbol", maintain_order=True):
        belief = _filter(_likelihood(_points(one, fitted["centres"]), fitted), fitted)
        best = belief.argmax(axis=1)
        labels = names.gather(best)
        chance = pl.Series("probability", belief[np.arange(len(best)), best])
        parts.append(one.select("symbol", "ts").with_columns(labels, chance))
    return pl.concat(parts)


def _mixture(points: Array, seed: int) -> dict[str, list[float]]:
    """Return means, precisions and weights of the mixture that fits `points`, its states ordered by volatility."""
    from sklearn.exceptions import ConvergenceWarning  # noqa: PLC0415  (4 s: only where models are trained)
    from sklearn.mixture import GaussianMixture  # noqa: PLC0415

    sample = points[:: max(1, len(points) // MAX_POINTS)]
    with warnings.catch_warnings():
        # A dull market has fewer clusters than states; the prior on the covariances keeps the mixture proper.
        warnings.simplefilter("ignore", ConvergenceWarning)
        mixture = GaussianMixture(
            len(REGIMES), covariance_type="full", reg_covar=1e-3, max_iter=300, n_init=2, random_state=seed
        ).fit(sample)
    means = np.asarray(mixture.means_, dtype=np.float64)
    order = np.argsort(means[:, 0])
    return {
        "means": means[order].tolist(),
        "precisions": np.asarray(mixture.precisions_, dtype=np.float64)[order].tolist(),
        "weights": np.asarray(mixture.weights_, dtype=np.float64)[order].tolist(),
    }


def _points(rows: pl.DataFrame, centres: dict[str, float]) -> Array:
    """Return relative log volatility, its change, the trend's strength; unknown symbols have the typical centre."""
    typical = float(np.median(list(centres.values())))
    centre = pl.col("symbol").replace_strict(centres, default=typical, return_dtype=pl.Float64)
    return rows.select(
        level=(pl.col("volatility_24").clip(lower_bound=FLOOR) / centre).log(),
        change=pl.col("volatility_ratio_6_48").clip(lower_bound=0.01).log(),
        strength=pl.col("efficiency_24").abs(),
    ).to_numpy()


def _likelihood(points: Array, fitted: dict[str, list[float]]) -> Array:
    """Return the likelihood of each point under each state, scaled per row so that the largest is 1."""
    scaled = points / np.asarray(fitted["scale"])
    logs = np.empty((len(points), len(REGIMES)))
    for state, (mean, precision) in enumerate(zip(fitted["means"], fitted["precisions"], strict=True)):
        away = scaled - np.asarray(mean)
        matrix = np.asarray(precision)
        distance = np.einsum("ij,jk,ik->i", away, matrix, away)
        logs[:, state] = 0.5 * (np.linalg.slogdet(matrix)[1] - distance - len(matrix) * math.log(2 * math.pi))
    return np.exp(logs - logs.max(axis=1, keepdims=True))


def _transitions(states: NDArray[np.intp], symbols: pl.Series) -> Array:
    """Return the matrix of chances to go from one state (row) to another, one virtual visit added to each."""
    counts = np.ones((len(REGIMES), len(REGIMES)))
    same = (symbols == symbols.shift(1)).fill_null(value=False).to_numpy()[1:]
    np.add.at(counts, (states[:-1][same], states[1:][same]), 1)
    return counts / counts.sum(axis=1, keepdims=True)


def _filter(likelihood: Array, fitted: dict[str, list[float]]) -> Array:
    """Return the chance of each state given the points up to and including each row (forward algorithm)."""
    belief = np.empty_like(likelihood)
    for row, now in enumerate(_walk(likelihood, np.asarray(fitted["weights"]), np.asarray(fitted["transitions"]))):
        belief[row] = now
    return belief


def _walk(likelihood: Array, start: Array, transitions: Array) -> Iterator[Array]:
    prior = start
    for seen in likelihood:
        joint = prior * seen
        total = joint.sum()
        # All states may be all but impossible at a shock; the shock itself then decides.
        now = joint / total if total > 0 else seen / seen.sum()
        yield now
        prior = now @ transitions
