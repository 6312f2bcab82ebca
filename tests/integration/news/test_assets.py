"""The assets as Dagster runs them: sources of a file, rows, checks; nothing at all without a file."""

from pathlib import Path

import dagster as dg
import pytest

from adapters.exchange.clock import WallClock
from adapters.store import books
from adapters.store.database import Database
from assets.market.funding_rates import funding_rates
from assets.market.listings import listings
from assets.news.articles import articles
from assets.news.macro_series import macro_series
from assets.news.social_posts import social_posts
from assets.resources import DeskResource
from tests.fakes.feed_server import FeedServer
from tests.fakes.futures_server import serve_funding
from tests.integration.news.made import entry, rss

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:dagster.*")
BOOK = {"venue": "v", "timeframe": "1h", "symbols": [], "strategies": [], "horizon": 1, "seed": 1}
SOURCES = """
[[source]]
name = "desk"
kind = "feed"
url = "{url}/desk"
fresh = "6h"
licence = "own use"

[[source]]
name = "old"
kind = "feed"
url = "{url}/old"
fresh = "6h"
licence = "own use"

[[source]]
name = "gone"
kind = "cryptopanic"
url = "{url}/gone"
fresh = "6h"
licence = "own use"

[[source]]
name = "posts"
kind = "posts"
url = "{url}/posts"
fresh = "6h"
licence = "own use"

[[source]]
name = "rate"
kind = "series"
format = "csv"
url = "{url}/rate"
fresh = "9000d"
licence = "own use"
"""


@pytest.fixture
def desk(db: Database, news_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    settings = {"MODE": "paper", "BOOK": "news", "DATABASE_URL": news_database, "DATA_DIR": str(tmp_path)}
    for name, value in settings.items():
        monkeypatch.setenv(f"TRADEWIND_{name}", value)
    with db.transaction() as connection:
        books.open_book(connection, "news", {**BOOK, "history_start": "2026-01-01T00:00:00+00:00"}, 0)
    return db


def run(*assets: dg.AssetsDefinition) -> tuple[dict[str, dict[str, object]], dict[str, dict[str, object]]]:
    """Return metadata by asset, and what failed by check."""
    done = dg.materialize(list(assets), resources={"desk": DeskResource()})
    shown = {
        event.asset_key.path[-1]: {name: value.value for name, value in event.materialization.metadata.items()}
        for event in done.get_asset_materialization_events()
        if event.asset_key is not None
    }
    checks = {
        f"{each.asset_key.path[-1]}:{each.check_name}": {name: value.value for name, value in each.metadata.items()}
        for each in done.get_asset_check_evaluations()
        if not each.passed
    }
    return shown, checks


def test_a_round_of_all_sources(desk: Database, server: FeedServer, tmp_path: Path) -> None:
    (tmp_path / "sources.toml").write_text(SOURCES.format(url=server.url))
    server.put("/desk", rss([entry("Bitcoin falls", "1", None), entry("", "2", None)]))
    server.put("/old", rss([entry("Ether falls", "1", "Sun, 01 Mar 2020 10:00:00 GMT")]))
    server.put("/posts", '[{"id": 1, "text": "$SOL"}]')
    server.put("/rate", "date,value\n2020-01-01,1\n")
    shown, failed = run(articles, social_posts, macro_series)
    assert [shown[name]["dagster/row_count"] for name in ("articles", "social_posts", "macro_series")] == [2, 1, 1]
    assert set(failed) == {"articles:fresh", "articles:sound"}
    assert set(failed["articles:fresh"]) == {"old", "gone"}
    assert failed["articles:sound"] == {"desk": "1 items: no title", "gone": "http_404: gone answers 404"}
    with desk.transaction() as connection:
        found = connection.execute("select distinct run_id <> '' as named from news.articles").fetchall()
    assert found == [{"named": True}]
    again, _ = run(articles)
    assert again["articles"]["dagster/row_count"] == 0
    assert str(again["articles"]["desk"]).startswith("EARLY")


VENUES = """
[[source]]
name = "perps"
kind = "funding"
exchange = "binanceusdm"
url = "{url}"
symbols = ["BTC/USDT:USDT"]
fresh = "9h"
licence = "own use"

[[source]]
name = "universe"
kind = "venue"
exchange = "binanceusdm"
url = "{url}"
kinds = ["swap"]
fresh = "2d"
licence = "own use"
"""


def test_venues_and_funding(desk: Database, server: FeedServer, tmp_path: Path) -> None:
    (tmp_path / "sources.toml").write_text(VENUES.format(url=server.url))
    now = WallClock().now()
    serve_funding(server, {"BTCUSDT": [(round(now.timestamp() * 1000) - 3_600_000, "0.0001")], "ETHUSDT": []})
    shown, failed = run(funding_rates, listings)
    assert failed == {}
    assert [shown[name]["dagster/row_count"] for name in ("funding_rates", "listings")] == [1, 3]


def test_nothing_is_declared_nothing_is_done(desk: Database) -> None:
    shown, failed = run(articles, social_posts, macro_series, funding_rates, listings)
    assert failed == {}
    assert {name: told["sources"] for name, told in shown.items()} == dict.fromkeys(shown, 0)
