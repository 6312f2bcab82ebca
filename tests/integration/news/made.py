"""Feeds and sources as the tests need them."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from xml.sax.saxutils import escape

from adapters.sources.declared import Source

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def source(name: str, url: str, kind: str = "feed", **more: object) -> Source:
    contract = {"fresh": timedelta(hours=6), "every": timedelta(minutes=5), "licence": "test", "language": "en"}
    return Source(name=name, kind=kind, url=url, **{**contract, **more})  # pyright: ignore[reportArgumentType]


def entry(title: str, guid: str, at: datetime | str | None = NOW - timedelta(hours=1), summary: str = "") -> str:
    date = format_datetime(at) if isinstance(at, datetime) else at
    dated = "" if date is None else f"<pubDate>{escape(date)}</pubDate>"
    return (
        f"<item><title>{escape(title)}</title><guid>{escape(guid)}</guid><link>https://news.example/{escape(guid)}"
        f"</link><description>{escape(summary)}</description>{dated}</item>"
    )


def rss(entries: Iterable[str], language: str = "en-US") -> str:
    head = '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>t</title>'
    return f"{head}<language>{language}</language>{''.join(entries)}</channel></rss>"
