"""Asset forecasts/sentiment_scores: how good or bad each article and post is for what it is about."""

from typing import TYPE_CHECKING

import dagster as dg
import polars as pl

from assets import model_registry
from assets.resources import Desk, DeskResource

if TYPE_CHECKING:
    from models.model import Model

_TABLE = "forecasts.sentiment_scores"


@dg.asset(
    key_prefix="forecasts",
    group_name="forecasts",
    kinds={"python", "postgres"},
    deps=[
        dg.AssetKey(["news", "articles"]),
        dg.AssetKey(["news", "social_posts"]),
        dg.AssetKey(["training", "sentiment_models"]),
    ],
)
def sentiment_scores(context: dg.AssetExecutionContext, desk: DeskResource) -> dg.MaterializeResult:
    """-1 (bad) to 1 (good) for each version of an article or post, by the rule and by the classifier if there is one.

    Kept beside it: the model, the SHA-256 of the text, when it says it was published and when it was read. English
    texts and those of unknown language are judged. Source: news/articles, news/social_posts.
    """
    with desk.open(context) as at:
        from adapters.store import sentiment

        models = map(model_registry.model, sentiment.newest_models(at.database, at.book))
        counts = {model.kind: _judge(at, model) for model in models}
    return dg.MaterializeResult(metadata={"dagster/row_count": sum(counts.values()), **counts})


def _judge(at: Desk, model: "Model") -> int:
    """Judge what `model` has not judged yet and return how many texts that were."""
    from adapters.store import sentiment

    judged, written = 0, 1
    # What cannot be written twice at one moment waits for the next run.
    while written and not (found := sentiment.to_judge(at.database, at.book, model.model_id)).is_empty():
        written = at.store.write(_TABLE, _rows(at, model, found), at.clock.now())
        judged += written
    return judged


def _rows(at: Desk, model: "Model", found: pl.DataFrame) -> pl.DataFrame:
    from models.sentiment import tfidf, vader
    from models.sentiment.text import text_hash, whole

    predict = {vader.KIND: vader.predict, tfidf.KIND: tfidf.predict}[model.kind]
    texts = [whole(title, summary) for title, summary in found.select("title", "summary").iter_rows()]
    told = predict(model, found.drop("title", "summary").with_columns(text=pl.Series(texts)))
    return told.drop("text").with_columns(
        pl.lit(at.book).alias("book"),
        entities=pl.lit("{") + pl.col("entities").list.join(",") + pl.lit("}"),
        model_kind=pl.lit(model.kind),
        model_id=pl.lit(model.model_id),
        text_hash=pl.Series([text_hash(text) for text in texts]),
        knowledge_ts=pl.col("fetched_ts"),
    )
