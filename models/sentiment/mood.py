"""The mood of the news per currency and bar: what was known at the bar's close, the older the less.

An article is known from the moment we read it on, never from when it says it was published; from then on it is as old
as its date says. A correction takes the place of what it corrects from the moment we read it on.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from trading.candle import TS
from trading.errors import BadData
from trading.timeframe import Timeframe

#: After so long a headline weighs half as much; beyond WINDOW it is forgotten.
HALF_LIFE = timedelta(hours=12)
WINDOW = timedelta(days=4)

#: What silence weighs: one headline alone makes half a mood.
SILENCE = 1.0

ITEMS = pl.Schema(
    {
        "kind": pl.String, "source": pl.String, "item_id": pl.String, "fetched_ts": TS, "published_ts": TS,
        "text_hash": pl.String, "entities": pl.List(pl.String), "score": pl.Float64,
    }
)  # fmt: skip

FEATURES = pl.Schema(
    {
        "symbol": pl.String, "ts": TS, "news_mood": pl.Float64, "news_weight": pl.Float64, "news_articles": pl.Int64,
        "social_mood": pl.Float64, "social_posts": pl.Int64, "market_mood": pl.Float64,
    }
)  # fmt: skip

Array = NDArray[np.float64]
Integers = NDArray[np.int64]
_US = timedelta(microseconds=1)


def news_features(
    items: pl.DataFrame, bases: Mapping[str, str], opens: Sequence[datetime], timeframe: Timeframe
) -> pl.DataFrame:
    """Return FEATURES: the moods and counts of each symbol of `bases` and bar of `opens`, sorted by symbol, ts.

    Args:
        items: ITEMS, a row for each version of an article or post that was judged; score in -1..1.
        bases: the base currency of each symbol; a headline counts for those that it is linked to.
        opens: open times of the bars (UTC), rising.
        timeframe: of the bars; a bar sees what was read up to and including its close.

    A mood is the weighted sum of scores by the sum of weights and SILENCE: -1..1, 0 where nothing is told; a weight is
    0.5 ** (age / HALF_LIFE). Counts are of what is not forgotten. A text that comes again counts once. market_mood is
    that of all articles, whatever they are about.

    Raises:
        BadData: a column is missing, or a score is no number in -1..1.

    """
    rows = _versions(items)
    closes = pl.Series(opens, dtype=TS) + timeframe.delta
    moments = closes.dt.epoch("us").to_numpy()
    articles, posts = (rows.filter(pl.col("kind") == kind) for kind in ("article", "post"))
    whole = pl.DataFrame({"ts": pl.Series(opens, dtype=TS), "market_mood": _decayed(articles, moments)[0]})
    parts = [pl.DataFrame(schema=FEATURES)]
    for symbol, base in sorted(bases.items()):
        about = pl.col("entities").list.contains(base)
        mood, weight, count = _decayed(articles.filter(about), moments)
        social, _, posted = _decayed(posts.filter(about), moments)
        told = {"news_mood": mood, "news_weight": weight, "news_articles": count}
        told |= {"social_mood": social, "social_posts": posted}
        columns = [pl.Series(name, values) for name, values in told.items()]
        parts.append(whole.with_columns(pl.lit(symbol).alias("symbol"), *columns).select(FEATURES.names()))
    return pl.concat(parts)


def _versions(items: pl.DataFrame) -> pl.DataFrame:
    """Return the items by when they were `said`, with when they were `read` and `until` when they stood, all in us."""
    missing = [name for name in ITEMS if name not in items.columns]
    if missing:
        raise BadData(f"news: column {', '.join(missing)} is missing")
    wrong = items.filter(~pl.col("score").is_between(-1, 1).fill_null(value=False))
    if not wrong.is_empty():
        raise BadData(f"news: the score of item {wrong.item(0, 'item_id')} is {wrong.item(0, 'score')}, not -1..1")
    read = pl.col("fetched_ts").cast(TS).dt.epoch("us")
    said = pl.min_horizontal(pl.coalesce("published_ts", "fetched_ts"), "fetched_ts").cast(TS).dt.epoch("us")
    item = ["kind", "source", "item_id"]
    rows = items.with_columns(read=read, said=said).sort(*item, "read")
    until = pl.col("read").shift(-1).over(item).fill_null(np.iinfo(np.int64).max)
    return rows.with_columns(until=until).sort("said", *item, "read")


def _decayed(rows: pl.DataFrame, moments: Integers) -> tuple[Array, Array, Integers]:
    """Return mood, weight and number of `rows` (sorted by `said`) at each of `moments`."""
    mood, weight, count = np.zeros(len(moments)), np.zeros(len(moments)), np.zeros(len(moments), dtype=np.int64)
    said, read, until = (rows[name].to_numpy() for name in ("said", "read", "until"))
    score, text = rows["score"].to_numpy(), rows["text_hash"].rank("dense").to_numpy()
    first = np.searchsorted(said, moments - WINDOW // _US, side="right")
    last = np.searchsorted(said, moments, side="right")
    for place in np.flatnonzero(last > first):
        among, moment = np.arange(first[place], last[place]), moments[place]
        known = among[(read[among] <= moment) & (moment < until[among])]
        # Of equal texts the one that was said first, in the order of time.
        known = known[np.sort(np.unique(text[known], return_index=True)[1])]
        weights = np.exp2((said[known] - moment) / (HALF_LIFE // _US))
        weight[place], count[place] = weights.sum(), len(known)
        mood[place] = (weights * score[known]).sum() / (weight[place] + SILENCE)
    return mood, weight, count
