import os
from collections.abc import Iterator

import psycopg
import pytest
import stamina
from psycopg import sql

from adapters.store.database import Database
from tests.databases import drop, migrated
from tests.fakes.feed_server import FeedServer, feed_server

TABLES = (
    "news.articles, news.social_posts, news.macro_series, ops.sources, ops.quarantined_items, market.funding_rates,"
    " market.listings, market.venues"
)


@pytest.fixture
def server() -> Iterator[FeedServer]:
    """A web server of this test alone; who asks does not wait between attempts."""
    with stamina.set_testing(True, attempts=2), feed_server() as running:
        yield running


@pytest.fixture(scope="session")
def news_database(postgres_url: str, template: str | None) -> Iterator[str]:
    """A migrated database that the tests of this folder share: they take turns, and each finds it empty."""
    name = f"news_{os.getpid()}"
    url = migrated(postgres_url, name, template)
    yield url
    drop(postgres_url, name)


@pytest.fixture
def db(news_database: str) -> Iterator[Database]:
    """The shared database without rows."""
    with psycopg.connect(news_database, autocommit=True) as connection:
        connection.execute(sql.SQL("truncate {}").format(sql.SQL(TABLES)))
    with Database(news_database, size=3) as opened:
        yield opened
