"""Texts that no model has judged yet, and what was judged, as frames."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import polars as pl
from psycopg import sql as syntax

from adapters.store import models, stored_rows
from adapters.store.database import Database

#: So many texts are judged at a time: a first run over a long history keeps its memory.
MOST = 50_000

#: VADER's words, and most labels to learn from, are English.
LANGUAGES = ("en", "und")


def to_judge(database: Database, book: str, model_id: str, most: int = MOST) -> pl.DataFrame:
    """Return versions of articles and posts without a score by model `model_id` for `book`, those read first first.

    Columns: kind, source, item_id, fetched_ts, published_ts, entities, title (of a post its text), summary.
    """
    statement = syntax.SQL(
        "with told as (select 'article' as kind, source, article_id as item_id, knowledge_ts as fetched_ts,"
        " published_ts, entities, title, summary from news.articles where language = any({languages})"
        " union all select 'post', source, post_id, knowledge_ts, published_ts, entities, body, ''"
        " from news.social_posts where language = any({languages}))"
        " select t.* from told as t where not exists (select 1 from forecasts.sentiment_scores as s"
        " where s.book = {book} and s.kind = t.kind and s.source = t.source and s.item_id = t.item_id"
        " and s.fetched_ts = t.fetched_ts and s.model_id = {model})"
        " order by t.fetched_ts, t.kind, t.source, t.item_id limit {most}"
    ).format(
        languages=syntax.Literal(list(LANGUAGES)),
        book=syntax.Literal(book),
        model=syntax.Literal(model_id),
        most=syntax.Literal(most),
    )
    return stored_rows.frame(database.arrow(statement.as_string(None)))


def judged(database: Database, book: str, model_kind: str, since: datetime, until: datetime) -> pl.DataFrame:
    """Return what models of `model_kind` said for `book` of versions read after `since` and until `until`.

    Columns: kind, source, item_id, fetched_ts, published_ts, text_hash, entities, score; the newest judgement of each.
    """
    statement = syntax.SQL(
        "select distinct on (kind, source, item_id, fetched_ts) kind, source, item_id, fetched_ts, published_ts,"
        " text_hash, entities, score from forecasts.sentiment_scores where book = {book} and model_kind = {kind}"
        " and fetched_ts > {since} and fetched_ts <= {until}"
        " order by kind, source, item_id, fetched_ts, knowledge_ts desc"
    ).format(
        book=syntax.Literal(book),
        kind=syntax.Literal(model_kind),
        since=syntax.Literal(since),
        until=syntax.Literal(until),
    )
    return stored_rows.frame(database.arrow(statement.as_string(None)))


def first_read(database: Database, book: str, model_kind: str) -> datetime | None:
    """Return when the first text that was judged for `book` by models of `model_kind` was read; None without any."""
    with database.transaction() as connection:
        row = connection.execute(
            "select min(fetched_ts) as at from forecasts.sentiment_scores where book = %s and model_kind = %s",
            (book, model_kind),
        ).fetchone()
    return row["at"] if row else None


def newest_mood(database: Database, keys: Mapping[str, str]) -> datetime | None:
    """Return the open time of the newest bar with a mood; `keys` are book, venue and timeframe. None without any."""
    with database.transaction() as connection:
        row = connection.execute(
            "select max(ts) as at from features.news_features"
            " where book = %(book)s and venue = %(venue)s and timeframe = %(timeframe)s",
            keys,
        ).fetchone()
    return row["at"] if row else None


def newest_models(database: Database, book: str) -> list[dict[str, Any]]:
    """Return the newest model of each kind in training.sentiment_models for `book`, by kind."""
    with database.transaction() as connection:
        kinds = connection.execute(
            "select distinct kind from training.sentiment_models where book = %s order by kind", (book,)
        ).fetchall()
        return [models.newest(connection, "sentiment_models", book, row["kind"]) for row in kinds]
