"""Posts and series over a real server into the database: shapes, revisions, vintages, what is refused."""

import json
import os
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adapters.news import series
from adapters.news.intake import Intake
from adapters.sources.declared import Source
from adapters.sources.visit import Ended, Visit, visit
from adapters.store.database import Database
from adapters.store.frames import Store
from tests.fakes.feed_server import FeedServer
from tests.integration.news.made import NOW, source

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def posted(db: Database, one: Source, now: datetime = NOW) -> Visit:
    return visit(db, one, now, "run", Intake(db, Store(db, "run", "0"), now).posts)


def measured(db: Database, one: Source, now: datetime = NOW) -> Visit:
    return visit(db, one, now, "run", lambda s, held: series.take(Store(db, "run", "0"), s, held, now))


def rows(db: Database, query: str) -> list[dict[str, Any]]:
    with db.transaction() as connection:
        return connection.execute(query).fetchall()  # pyright: ignore[reportArgumentType, reportCallIssue]


OWN = {"posts": [{"id": 7, "text": "$BTC up", "created_at": "2026-03-01T11:00:00Z", "author": "@me", "lang": "en"}]}
MASTODON = [
    {
        "id": "113",
        "created_at": "2026-03-01T11:00:00.000Z",
        "content": "<p>Solana &amp; friends <script>x()</script></p>",
        "language": "de",
        "url": "https://social.example/@me/113",
        "account": {"acct": "me"},
    }
]
FIELDS = {"text": "content", "language": "language", "author": "account.acct"}


def test_posts_of_two_shapes_and_an_edit(db: Database, server: FeedServer) -> None:
    own = source("own", server.put("/own", json.dumps(OWN)), kind="posts")
    far = source("far", server.put("/far", json.dumps(MASTODON)), kind="posts", fields=FIELDS)
    assert [posted(db, one).written for one in (own, far)] == [1, 1]
    server.put("/own", json.dumps(OWN).replace("up", "down"))
    assert posted(db, own, NOW + HOUR).written == 1
    assert posted(db, own, NOW + 2 * HOUR).ended is Ended.UNCHANGED
    found = rows(
        db, "select source, body, language, entities, marks from news.social_posts order by knowledge_ts, source"
    )
    assert [tuple(row.values()) for row in found] == [
        ("far", "Solana & friends", "de", ["SOL"], ["SCRIPT"]),
        ("own", "$BTC up", "en", ["BTC"], []),
        ("own", "$BTC down", "en", ["BTC"], []),
    ]
    assert not rows(db, "select 1 from news.social_posts where author ilike '%me%'")


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("{", "is no JSON"),
        ("[" * 100_000, "nested too deep"),
        ('{"posts": 7}', "no list at 'posts'"),
        ("[NaN]", "NaN"),
        ("[" + "9" * 5000 + "]", "digits"),
        ("", "is no JSON"),
    ],
)
def test_a_document_of_another_shape_is_refused(db: Database, server: FeedServer, body: str, why: str) -> None:
    found = posted(db, source("own", server.put("/own", body), kind="posts"))
    assert found.ended is Ended.FAILED
    assert why in found.error


def test_what_is_no_post_is_quarantined_beside_those_that_are(db: Database, server: FeedServer) -> None:
    odd = [None, 7, [], {}, {"id": 1}, {"id": 2, "text": {"a": 1}}, *OWN["posts"]]
    found = posted(db, source("own", server.put("/own", json.dumps(odd)), kind="posts"))
    assert found.written == 1
    assert [reason for reason, _ in found.refused] == ["no identity"] * 4 + ["no text"] * 2


FRED_JSON = {
    "observations": [
        {"realtime_start": "2026-02-28", "date": "2026-02-26", "value": "4.25"},
        {"realtime_start": "2026-02-28", "date": "2026-02-27", "value": "."},
        {"realtime_start": "2026-02-28", "date": "2026-02-28", "value": "4.10"},
    ]
}
MOOD = {"data": [{"value": "40", "value_classification": "Fear", "timestamp": "1772236800"}]}


def test_series_of_three_shapes(db: Database, server: FeedServer) -> None:
    rate = source(
        "rate",
        server.put("/fred", json.dumps(FRED_JSON)),
        kind="series",
        items="observations",
        missing=(".",),
        unit="%",
    )
    mood = source(
        "mood", server.put("/fng", json.dumps(MOOD)), kind="series", items="data", fields={"time": "timestamp"}
    )
    table = source(
        "table",
        server.put("/csv", "observation_date,DGS10\r\n2026-02-27,\r\n2026-02-28,4.1\r\n"),
        kind="series",
        format="csv",
        fields={"time": "observation_date", "value": "DGS10"},
    )
    assert [measured(db, one).written for one in (rate, mood, table)] == [2, 1, 1]
    found = rows(db, "select source, ts, value, unit from news.macro_series_current order by source, ts")
    day = datetime(2026, 2, 28, tzinfo=UTC)
    assert [tuple(row.values()) for row in found] == [
        ("mood", day, Decimal(40), ""),
        ("rate", day - 2 * DAY, Decimal("4.25"), "%"),
        ("rate", day, Decimal("4.1"), "%"),
        ("table", day, Decimal("4.1"), ""),
    ]


def test_a_revision_is_a_vintage(db: Database, server: FeedServer) -> None:
    one = source("cpi", server.put("/csv", "date,value\n2026-01-01,3.1\n2026-02-01,3.0\n"), kind="series", format="csv")
    assert measured(db, one).written == 2
    server.put("/csv", "date,value\n2026-01-01,3.2\n2026-02-01,3.0\n")
    assert measured(db, one, NOW + DAY).written == 1
    assert measured(db, one, NOW + 2 * DAY).ended is Ended.UNCHANGED
    store = Store(db, "r", "0")

    def known(at: datetime) -> list[str]:
        return [str(value) for value in store.read("news.macro_series", {"source": "cpi"}, as_of=at)["value"].to_list()]

    assert known(NOW - HOUR) == []
    assert known(NOW + HOUR) == ["3.1", "3"]
    assert known(NOW + DAY) == ["3.2", "3"]


def test_what_no_series_says_is_refused(db: Database, server: FeedServer) -> None:
    lines = ["date,value", "2026-02-01,1", "2026-02-02,nan", "2026-02-03,1e99", "soon,4", "2027-01-01,5", "2026-02-04"]
    lines += ["2026-02-05,6", "2026-02-05,7", "2026-02-06,0x1F", "2026-02-07,1_000", "2026-02-08,-.5e-3"]
    one = source("odd", server.put("/csv", "\n".join(lines)), kind="series", format="csv")
    found = measured(db, one)
    assert found.written == 2
    assert sorted(reason for reason, _ in found.refused) == [
        "in the future", "no number", "no number", "no number", "no number", "no time", "two values for one time",
    ]  # fmt: skip
    assert measured(db, source("none", server.put("/none", "a,b\n1,2\n"), kind="series", format="csv")).error == (
        "the table has no column date, value; its columns: a, b"
    )


def test_a_series_that_is_too_old_is_stale(db: Database, server: FeedServer) -> None:
    one = source(
        "cpi", server.put("/csv", "date,value\n2026-02-27,3.1\n"), kind="series", format="csv", fresh=timedelta(days=2)
    )
    found = measured(db, one)
    assert found.stale(NOW) == "newest item is 2 days, 12:00:00 old, 2 days, 0:00:00 are allowed"
    assert rows(db, "select stale from analytics.sources") == [{"stale": True}]


@pytest.mark.data
def test_real_series_come_in_whole_and_once(db: Database, server: FeedServer) -> None:
    folder = Path(os.environ["TRADEWIND_TEST_DATA"]) / "external"
    expected = {"dxy": ("dxy", 3380), "fear_greed": ("fng", 2931), "hashrate": ("hashrate", 6247), "vix": ("vix", 2795)}
    for name, (column, least) in expected.items():
        body = (folder / f"{name}.csv").read_bytes()
        one = source(name, server.put(f"/{name}", body), kind="series", format="csv", fields={"value": column})
        first = measured(db, one)
        blank = sum(line.endswith(b",") for line in body.splitlines())
        assert (first.written, first.refused) == (least - blank, ()), name
        assert measured(db, one, NOW + DAY).written == 0
