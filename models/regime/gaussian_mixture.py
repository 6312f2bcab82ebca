"""Market regimes: a Gaussian mixture over volatility, filtered forward in time as a hidden Markov model.

The states are ordered by their volatility and share one variance, so that a wilder market is never a calmer state.
A label uses what was known at its bar and nothing later (the forward algorithm, never Viterbi or smoothing), so it does
not change when more data arrive.
"""

import json
import warnings
from typing import TypedDict

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models.features import data_hash
from models.model import Model, build, finite, need_columns, verify
from trading.errors import BadData

KIND = "gaussian_mixture_regime"
REGIMES = ("calm", "normal", "turbulent")

#: Two measures of the same volatility, from closes and from ranges: their mean is less noisy than either.
FEATURES = ("volatility_24", "parkinson_24")
MIN_ROWS = 300

#: More points than these say nothing new about three clusters; they are thinned out evenly.
MAX_POINTS = 20_000

#: A market that does not move at all has no logarithm of its volatility.
FLOOR = 1e-7

_LEVEL = "level"

Array = NDArray[np.float64]


class _States(TypedDict):
    """The artefact: log levels of volatility relative to the `centres` of the symbols."""

    centres: dict[str, float]
    means: list[float]
    variance: float
    weights: list[float]
    transitions: list[list[float]]


def fit(frame: pl.DataFrame, seed: int) -> Model:
    """Return the regime model of `frame` (symbol, ts, FEATURES); rows with nulls are dropped and counted in `scores`.

    Volatility is relative to each symbol's own median, so that a symbol is turbulent by its own standards.

    Raises:
        BadData: a column is missing, fewer than MIN_ROWS rows are complete, or volatility never changes.

    """
    rows = _complete(frame)
    if rows.height < MIN_ROWS:
        raise BadData(f"{KIND}: {rows.height} complete rows of {frame.height}; {MIN_ROWS} are needed after the warm-up")
    centres = dict(rows.group_by("symbol").agg(pl.col("level").median()).sort("symbol").iter_rows())
    points = _points(rows, centres)
    if points.std() < 1e-6:
        raise BadData(
            f"{KIND}: the volatility of {', '.join(centres)} never changes; there are no regimes to tell apart"
        )
    means, variance, weights = _mixture(points, seed)
    states = (_likelihood(points, means, variance) * weights).argmax(axis=1)
    fitted = _States(
        centres=centres,
        means=means.tolist(),
        variance=variance,
        weights=weights.tolist(),
        transitions=_transitions(states, rows["symbol"]).tolist(),
    )
    shares = {f"weight_{name}": float(weight) for name, weight in zip(REGIMES, weights, strict=True)}
    return build(
        kind=KIND,
        features=FEATURES,
        params={"components": len(REGIMES)},
        seed=seed,
        trained_from=rows["ts"].sort()[0],
        trained_to=rows["ts"].sort()[-1],
        data_hash=data_hash(rows.drop(_LEVEL)),
        scores={"rows_trained": float(rows.height), "rows_dropped": float(frame.height - rows.height), **shares},
        artefact=json.dumps(fitted, sort_keys=True),
    )


def training_rows(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of `frame` that a model is trained on: symbol, ts and FEATURES, complete and sorted."""
    return _complete(frame).drop(_LEVEL)


def predict(model: Model, frame: pl.DataFrame) -> pl.DataFrame:
    """Return symbol, ts, regime and its filtered probability, for every row of `frame` whose FEATURES are complete.

    The filter starts with the first row of each symbol: feed the history from a fixed origin. A symbol that the model
    was not trained on is judged by the typical volatility of those that it was.

    Raises:
        BadData: the model is damaged or of another kind, or a column is missing.

    """
    verify(model, KIND)
    rows = _complete(frame)
    fitted: _States = json.loads(model.artefact)
    means, weights = np.asarray(fitted["means"]), np.asarray(fitted["weights"])
    transitions = np.asarray(fitted["transitions"])
    names = pl.Series("regime", REGIMES)
    parts = [
        pl.DataFrame(schema={**frame.select("symbol", "ts").schema, "regime": pl.String, "probability": pl.Float64})
    ]
    for one in rows.partition_by("symbol", maintain_order=True):
        likelihood = _likelihood(_points(one, fitted["centres"]), means, fitted["variance"])
        belief = _filter(likelihood, weights, transitions)
        best = belief.argmax(axis=1)
        chance = pl.Series("probability", belief[np.arange(len(best)), best])
        parts.append(one.select("symbol", "ts").with_columns(names.gather(best), chance))
    return pl.concat(parts)


def _complete(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the complete rows, sorted by symbol, ts, with `level`: the mean log of both measures of volatility."""
    need_columns(frame, ("symbol", "ts", *FEATURES), KIND)
    logs = [pl.col(name).clip(lower_bound=FLOOR).log() for name in FEATURES]
    rows = frame.filter(finite(FEATURES)).select("symbol", "ts", *FEATURES, level=pl.mean_horizontal(logs))
    return rows.sort("symbol", "ts")


def _points(rows: pl.DataFrame, centres: dict[str, float]) -> Array:
    typical = float(np.median(list(centres.values())))
    centre = pl.col("symbol").replace_strict(centres, default=typical, return_dtype=pl.Float64)
    return rows.select(pl.col("level") - centre).to_series().to_numpy()


def _mixture(points: Array, seed: int) -> tuple[Array, float, Array]:
    """Return the means (rising), the common variance and the weights of the mixture that fits `points`."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    sample = points[:: max(1, len(points) // MAX_POINTS)]
    with warnings.catch_warnings():
        # A dull market has fewer clusters than states; the prior on the variance keeps the mixture proper.
        warnings.simplefilter("ignore", ConvergenceWarning)
        mixture = GaussianMixture(
            len(REGIMES), covariance_type="tied", reg_covar=1e-4, max_iter=500, n_init=2, random_state=seed
        ).fit(sample.reshape(-1, 1))
    means = np.asarray(mixture.means_, dtype=np.float64)[:, 0]
    order = np.argsort(means)
    variance = float(np.asarray(mixture.covariances_, dtype=np.float64)[0, 0])
    return means[order], variance, np.asarray(mixture.weights_, dtype=np.float64)[order]


def _likelihood(points: Array, means: Array, variance: float) -> Array:
    """Return the likelihood of each point under each state, scaled per row so that the largest is 1."""
    logs = -0.5 * (points[:, None] - means[None, :]) ** 2 / variance
    return np.exp(logs - logs.max(axis=1, keepdims=True))


def _transitions(states: NDArray[np.intp], symbols: pl.Series) -> Array:
    """Return the matrix of chances to go from one state (row) to another, one virtual visit added to each."""
    counts = np.ones((len(REGIMES), len(REGIMES)))
    same = (symbols == symbols.shift(1)).fill_null(value=False).to_numpy()[1:]
    np.add.at(counts, (states[:-1][same], states[1:][same]), 1)
    return counts / counts.sum(axis=1, keepdims=True)


def _filter(likelihood: Array, start: Array, transitions: Array) -> Array:
    """Return the chance of each state given the points up to and including each row (forward algorithm)."""
    belief = np.empty_like(likelihood)
    prior = start
    for row, seen in enumerate(likelihood):
        joint = prior * seen
        total = joint.sum()
        # All states may be all but impossible at a shock; the shock itself then decides.
        belief[row] = joint / total if total > 0 else seen / seen.sum()
        prior = belief[row] @ transitions
    return belief
