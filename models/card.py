"""The card of a model: what it is, where it comes from, what it is worth and what it is not for, as Markdown."""

from collections.abc import Mapping, Sequence
from typing import Any

from models.forecast import lightgbm_return, ridge, trees
from models.model import Model
from models.quantiles import BANDS
from trading.errors import BadData

#: So many features are listed.
_LISTED = 15
_SKILLS = {
    "information_coefficient": "rank correlation with the outcome",
    "rmse_skill_vs_zero": "skill against expecting nothing (1 - RMSE / RMSE)",
    "rmse_skill_vs_past_mean": "skill against the past mean",
    "hit_rate": "right signs",
    "hit_rate_always_up": "right signs of always up",
    "coverage_50": "outcomes within the 50 % band",
    "coverage_80": "outcomes within the 80 % band",
    "coverage_90": "outcomes within the 90 % band",
}


def skills(model: Model) -> dict[str, float]:
    """Return the scores that tell whether it is better than nothing, by name."""
    names = ("information_coefficient", "rmse_skill_vs_zero", "rmse_skill_vs_past_mean")
    return {name.replace("_", " "): model.scores[name] for name in names if name in model.scores}


def coverages(model: Model) -> dict[str, float]:
    """Return by band (promised share) the share of outcomes out of sample that it held."""
    told = {f"{share} % promised": model.scores.get(f"coverage_{share}") for share in BANDS}
    return {name: value for name, value in told.items() if value is not None}


def importance(model: Model) -> dict[str, float]:
    """Return the features that matter most and their share: of the gain of trees, of the weights of a line.

    Raises:
        BadData: the text of the model is damaged.
    """
    if model.kind == lightgbm_return.KIND:
        shares = trees.gains(model.artefact, model.features)
    else:
        weights = abs(ridge.of_text(model.artefact).weights)
        shares = dict(zip(model.features, (weights / max(weights.sum(), 1e-300)).tolist(), strict=True))
    return dict(sorted(shares.items(), key=lambda each: -each[1])[:_LISTED])


def markdown(model: Model, states: Sequence[Mapping[str, Any]] = ()) -> str:
    """Return the card of `model`, with the history of its states (state, at, who, why) where that is given."""
    try:
        important = [f"| `{name}` | {share:.1%} |" for name, share in importance(model).items()]
    except BadData as error:
        important = [f"| not known: {error} | |"]
    scored = [f"| {title} | {model.scores[name]:.4f} |" for name, title in _SKILLS.items() if name in model.scores]
    known = [f"- {row['at']:%Y-%m-%d %H:%M} **{row['state']}** by {row['who']}: {row['why']}" for row in states]
    lines = [
        f"# Model {model.model_id[:12]}",
        "",
        f"A `{model.kind}`: the log return of the close over the next {model.params.get('horizon', '?')} bars, and its"
        " standard error, per symbol and bar.",
        *_origin(model),
        f"## What it is worth: {model.scores.get('rows_scored', 0):,.0f} rows out of sample, purged walk-forward",
        "",
        "| score | value |",
        "|---|---|",
        *(scored or ["| not scored | |"]),
        "",
        f"## What it looks at: the first {len(important)} of {len(model.features)} features",
        "",
        "| feature | share |",
        "|---|---|",
        *important,
        "",
        "## What it is not for",
        "",
        "Other symbols, timeframes or horizons than those of its book. A score near 0 means that it knows nothing: it"
        " then trades on noise and pays for it. What it has not seen in training, the drift check is there to notice.",
    ]
    return "\n".join([*lines, *(["", "## States", "", *known] if known else []), ""])


def _origin(model: Model) -> list[str]:
    return [
        "",
        "## Where it comes from",
        "",
        f"- trained on {model.scores.get('rows_trained', 0):,.0f} rows, opened {model.trained_from} to"
        f" {model.trained_to}; {model.scores.get('rows_dropped', 0):,.0f} incomplete rows were left out",
        f"- data hash `{model.data_hash}`",
        f"- seed {model.seed}, parameters " + ", ".join(f"{name} {value}" for name, value in model.params.items()),
        f"- id `{model.model_id}`: of artefact, data, features, seed, parameters and scores together",
        "",
    ]
