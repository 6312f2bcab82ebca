"""Asset features/news_features: the mood of the news at the close of each bar."""

from datetime import datetime, timedelta

import dagster as dg
import polars as pl

from assets.resources import Desk, DeskResource

_TABLE = "features.news_features"

#: A source may answer slowly: so far back bars are counted again, and written where that changes them.
AGAIN = timedelta(hours=6)


@dg.asset(
    key_prefix="features",
    group_name="features",
    kinds={"polars", "postgres"},
    deps=[dg.AssetKey(["market", "candles"]), dg.AssetKey(["forecasts", "sentiment_scores"])],
)
def news_features(context: dg.AssetExecutionContext, desk: DeskResource) -> dg.MaterializeResult:
    """Mood (-1 bad to 1 good) and number of articles and posts about a symbol's base currency, per bar (ts = open UTC).

    A bar knows what was read by its close and nothing that was published but not yet read. The weight of a text halves
    every 12 hours, after four days it is forgotten; equal texts count once; 0 in silence. Bars before the first text
    have no row. Judged by the rule, vader_sentiment. Source: forecasts/sentiment_scores.
    """
    with desk.open(context) as at:
        features = _computed(at)
        written = 0 if features is None else at.store.write(_TABLE, features, at.clock.now())
    rows = 0 if features is None else features.height
    return dg.MaterializeResult(metadata={"dagster/row_count": rows, "rows written": written})


def _computed(at: Desk) -> pl.DataFrame | None:
    """Return the rows of the bars that are new or so young that a late answer may change them; None without text."""
    from adapters.store import sentiment
    from models.sentiment import mood, vader

    since = _since(at, vader.KIND)
    if since is None:
        return None
    now = at.clock.now()
    opens = at.store.read("market.candles", at.candles, since, now, columns=["ts"])["ts"].unique().sort().to_list()
    models = {row["kind"]: row["model_id"] for row in sentiment.newest_models(at.database, at.book)}
    if not opens or vader.KIND not in models:
        return None
    until = opens[-1] + at.timeframe.delta
    items = sentiment.judged(at.database, at.book, vader.KIND, opens[0] - mood.WINDOW, until)
    bases = {symbol: symbol.split("/")[0] for symbol in at.symbols}
    features = mood.news_features(items.cast(mood.ITEMS), bases, opens, at.timeframe)
    keys = [pl.lit(value).alias(name) for name, value in at.keys.items()]
    known = pl.col("ts") + at.timeframe.delta
    return features.with_columns(*keys, model_id=pl.lit(models[vader.KIND]), knowledge_ts=known)


def _since(at: Desk, kind: str) -> datetime | None:
    """Return the open time from which on bars are counted: of the first text, or a while before the newest mood."""
    from adapters.store import sentiment

    first = sentiment.first_read(at.database, at.book, kind)
    if first is None:
        return None
    known = sentiment.newest_mood(at.database, at.keys)
    start = max(at.history_start, at.timeframe.open_of(first))
    return start if known is None else max(start, known - AGAIN)
