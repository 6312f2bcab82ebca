"""What a model's scores mean, in words that promise nothing."""

from collections.abc import Mapping

#: Differences smaller than this are noise at the sample sizes of a book.
_NOTHING = 0.001


def in_words(scores: Mapping[str, float]) -> str:
    """Return one or two sentences about out-of-sample `scores` (models.scores.scorecard), compared with no model."""
    if "rmse_skill_vs_zero" not in scores:
        return "Not a forecast: nothing is predicted that could be scored out of sample."
    skill = scores["rmse_skill_vs_zero"]
    if skill > _NOTHING:
        error = f"its error is {skill:.2%} smaller than that of expecting no change: a small edge, if it lasts."
    elif skill < -_NOTHING:
        error = f"its error is {-skill:.2%} larger than that of expecting no change: no skill in the size of moves."
    else:
        error = "its error is that of expecting no change: no skill in the size of moves."
    told = f"Out of sample, {error}"
    if "hit_rate" in scores and "hit_rate_always_up" in scores:
        hit, up = scores["hit_rate"], scores["hit_rate_always_up"]
        # Whoever always says the same may choose the better of the two.
        naive, word = max((up, "up"), (1 - up, "down"))
        better = (
            "better than" if hit > naive + _NOTHING else "worse than" if hit < naive - _NOTHING else "no better than"
        )
        told += f" It calls the direction right {hit:.1%} of the time, {better} always saying {word} ({naive:.1%})."
    return told
