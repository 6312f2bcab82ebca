"""Asset training/sentiment_models: what judges texts: a lexicon, and a classifier where headlines are labelled."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from assets import model_registry
from assets.resources import Desk, DeskResource

if TYPE_CHECKING:
    from models.model import Model

#: Labelled headlines in the data folder, to learn from; without such a file nothing is learned.
FILES = ("labelled_headlines.parquet", "labelled_headlines.csv")


@dg.asset(key_prefix="training", group_name="training", kinds={"scikitlearn", "postgres"})
def sentiment_models(context: dg.AssetExecutionContext, desk: DeskResource) -> dg.MaterializeResult:
    """The rule (VADER with a lexicon of the trade) and, where labelled headlines are given, a TF-IDF classifier.

    Learned on the earlier months of the file and scored on its later ones, beside bare VADER and the rule; stored with
    data hash, parameters, seed and scores. Source: labelled_headlines.parquet or .csv in the data folder.
    """
    with desk.open(context) as at:
        from models.sentiment import vader

        made = [vader.rule(at.history_start)]
        file = next((path for name in FILES if (path := at.settings.data_dir / name).is_file()), None)
        learned = _learned(at, file) if file is not None else None
        if learned is not None:
            made.append(learned)
        new = sum(model_registry.store(at, "sentiment_models", model) for model in made)
    told: dict[str, Any] = {f"{model.kind}": model.model_id[:16] for model in made}
    scores = {name.replace("_", " "): value for name, value in learned.scores.items()} if learned is not None else {}
    return dg.MaterializeResult(metadata={"dagster/row_count": len(made), "new": new, **told, **scores})


def _learned(at: Desk, file: Path) -> "Model":
    """Return the classifier of the headlines of `file` with the scores of its trial; the stored one if equal."""
    from adapters.news.labelled import read
    from adapters.store import sentiment
    from models.features import data_hash
    from models.sentiment import tfidf
    from models.sentiment.trial import learned, texts_of

    texts = texts_of(read(file))
    known = map(model_registry.model, sentiment.newest_models(at.database, at.book))
    rows = data_hash(tfidf.training_rows(texts))
    same = (model for model in known if model.kind == tfidf.KIND and (model.data_hash, model.seed) == (rows, at.seed))
    return next(same, None) or learned(texts, at.seed)
