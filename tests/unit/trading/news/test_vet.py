"""Items become articles and posts, or are refused."""

from datetime import UTC, datetime

import pytest

from trading.article import Article, Mark, Post
from trading.news import vet
from trading.news.entities import Links
from trading.news.item import Item

SEEN = datetime(2026, 3, 1, 12, tzinfo=UTC)
LINKS = Links()


def article(**parts: object) -> Article | vet.Refused:
    item = Item(**{"guid": "1", "title": "Bitcoin falls", "stated": "2026-03-01T11:00:00Z", **parts})  # pyright: ignore[reportArgumentType]
    return vet.article("source", item, "en", SEEN, LINKS)


@pytest.mark.parametrize(
    ("link", "kept"),
    [
        ("https://a.example/x?utm_source=rss&id=7#top", "https://a.example/x?id=7"),
        ("https://a.example/x?fbclid=1", "https://a.example/x"),
        ("", ""),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("file:///etc/passwd", None),
        ("https://user:password@a.example/", None),
        ("https://a.example/a b", None),
        ("https://a.example/\u202e", None),
        ("https://[broken/", None),
        ("https:///x", None),
        ("https://a.example/" + "x" * 3000, None),
        ('https://a.example/"><script>', None),
    ],
)
def test_an_address(link: str, kept: str | None) -> None:
    found = article(link=link)
    assert isinstance(found, Article)
    assert found.url == (kept or "")
    assert (Mark.LINK in found.marks) == (kept is None)


def test_ids_are_the_sources_names_and_stay() -> None:
    one, other = article(), article(title="Bitcoin rises")
    assert isinstance(one, Article)
    assert isinstance(other, Article)
    assert one.article_id == other.article_id == "1b32bb1961a9f896e1254d35873d4321"
    elsewhere = vet.identity("another", Item(guid="1"))
    assert elsewhere != one.article_id
    assert vet.identity("source", Item()) is None
    assert vet.identity("source", Item(link="https://a.example")) == vet.identity(
        "source", Item(guid="https://a.example")
    )


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"guid": "", "title": "", "link": ""}, "no identity"),
        ({"title": ""}, "no title"),
        ({"title": "<script>x</script>\u202e ... !"}, "no title"),
        ({"title": "x" * 20_001}, "title too long"),
    ],
)
def test_what_is_refused(parts: dict[str, str], reason: str) -> None:
    assert article(**parts) == vet.Refused(reason, "")


def test_what_it_is_about_is_in_the_title_and_topics_first() -> None:
    def about(**parts: object) -> tuple[str, ...]:
        found = article(**parts)
        assert isinstance(found, Article)
        return found.entities

    assert about(summary="and Solana too") == ("BTC",)
    assert about(title="Markets", topics=("Ethereum", "one", "Link")) == ("ETH",)
    assert about(title="Markets fall", summary="Solana leads") == ("SOL",)
    assert about(title="Markets fall", codes=("ada",)) == ("ADA",)


def test_a_post_tells_its_author_apart_and_does_not_name_him() -> None:
    found = vet.post("s", Item(guid="1", title="$BTC up", author="@Somebody", stated=1_772_000_000), "en", SEEN, LINKS)
    assert isinstance(found, Post)
    assert (found.text, found.entities, len(found.author)) == ("$BTC up", ("BTC",), 16)
    assert "somebody" not in repr(found).lower()
    assert vet.post("s", Item(guid="1", title=" "), "en", SEEN, LINKS) == vet.Refused("no text", "")
