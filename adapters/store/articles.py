"""Articles and posts as rows, and what is known of them already."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from adapters.store.database import Connection
from trading.article import Article, Post
from trading.candle import TS

_TEXTS = ("url", "language", "entities", "marks")
ARTICLES = pl.Schema(
    {
        "source": pl.String, "article_id": pl.String, "knowledge_ts": TS, "published_ts": TS, "title": pl.String,
        "summary": pl.String, **dict.fromkeys(_TEXTS, pl.String), "story_id": pl.String,
    }
)  # fmt: skip
POSTS = pl.Schema(
    {
        "source": pl.String, "post_id": pl.String, "knowledge_ts": TS, "published_ts": TS, "body": pl.String,
        **dict.fromkeys(_TEXTS, pl.String), "author": pl.String,
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class First:
    """The first version of an article: when it was read, and the story in which it was placed ("" for posts)."""

    known_at: datetime
    story_id: str


def firsts(connection: Connection, source: str, ids: Sequence[str]) -> dict[str, First]:
    """Return the first versions of those articles of `source` that are known, by id."""
    rows = connection.execute(
        "select distinct on (article_id) article_id, knowledge_ts, story_id from news.articles"
        " where source = %s and article_id = any(%s) order by article_id, knowledge_ts",
        (source, list(ids)),
    )
    return {row["article_id"]: First(row["knowledge_ts"], row["story_id"]) for row in rows}


def first_posts(connection: Connection, source: str, ids: Sequence[str]) -> dict[str, First]:
    """Return the first versions of those posts of `source` that are known, by id."""
    rows = connection.execute(
        "select post_id, min(knowledge_ts) as known_at from news.social_posts"
        " where source = %s and post_id = any(%s) group by post_id",
        (source, list(ids)),
    )
    return {row["post_id"]: First(row["known_at"], "") for row in rows}


def recent(connection: Connection, since: datetime, most: int) -> list[dict[str, Any]]:
    """Return source, title, at and story_id of the newest `most` articles first known or published since then."""
    return connection.execute(
        "select source, title, at, story_id from (select distinct on (source, article_id) source, article_id, title,"
        " coalesce(published_ts, knowledge_ts) as at, story_id from news.articles where knowledge_ts >= %s"
        " order by source, article_id, knowledge_ts) as a order by at desc, story_id limit %s",
        (since, most),
    ).fetchall()


def article_rows(source: str, articles: Iterable[tuple[Article, str]], at: datetime) -> pl.DataFrame:
    """Return articles with their stories, read at `at`, as the frame that Store.write takes for news.articles."""
    rows = [
        {
            "source": source,
            "article_id": one.article_id,
            "knowledge_ts": at,
            "published_ts": one.published_at,
            "title": one.title,
            "summary": one.summary,
            **_links(one),
            "story_id": story,
        }
        for one, story in articles
    ]
    return pl.DataFrame(rows, schema=ARTICLES, orient="row")


def post_rows(source: str, posts: Iterable[Post], at: datetime) -> pl.DataFrame:
    """Return posts, read at `at`, as the frame that Store.write takes for news.social_posts."""
    rows = [
        {
            "source": source,
            "post_id": one.post_id,
            "knowledge_ts": at,
            "published_ts": one.published_at,
            "body": one.text,
            **_links(one),
            "author": one.author,
        }
        for one in posts
    ]
    return pl.DataFrame(rows, schema=POSTS, orient="row")


def _links(one: Article | Post) -> dict[str, str]:
    lists = {"entities": _array(one.entities), "marks": _array(one.marks)}
    return {"url": one.url, "language": one.language, **lists}


def _array(words: Iterable[str]) -> str:
    return "{" + ",".join(words) + "}"
