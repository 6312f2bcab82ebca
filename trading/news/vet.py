"""Vetting: an item becomes an article or a post that may be stored and shown, or is refused with its reason."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from trading.article import Article, Mark, Post
from trading.news import language as languages
from trading.news.dates import published
from trading.news.entities import Links
from trading.news.item import Item
from trading.news.plain_text import LOOKED_AT, plain

#: What is kept, in characters.
LONGEST_TITLE, LONGEST_TEXT, LONGEST_URL = 500, 5_000, 2_000
_TRACKING = ("utm_", "fbclid", "gclid", "mc_")


@dataclass(frozen=True, slots=True)
class Refused:
    """An item that is not stored among the others, and why; `raw` as it came, bounded."""

    reason: str
    raw: str


def identity(source: str, item: Item) -> str | None:
    """Return the id of `item`, the same at every look, made of the name that its source gives it; None without one."""
    name = item.guid or item.link or item.title
    if not name.strip():
        return None
    return hashlib.sha256(f"{source}\n{name}".encode("utf-8", "surrogatepass")).hexdigest()[:32]


def article(source: str, item: Item, said: str, first_seen: datetime, links: Links) -> Article | Refused:
    """Return `item` as an article; `said` is the language of its source, `first_seen` when it was first fetched."""
    found = identity(source, item)
    if found is None:
        return Refused("no identity", item.raw)
    if len(item.title) > LOOKED_AT:
        return Refused("title too long", item.raw)
    title, summary = plain(item.title, LONGEST_TITLE), plain(item.summary, LONGEST_TEXT)
    if not any(letter.isalnum() for letter in title.text):
        return Refused("no title", item.raw)
    at, dating = published(item.stated, first_seen)
    url, linking = address(item.link)
    tongue, straying = languages.language(title.text, languages.stated(item.language) or said)
    about = links.of(" | ".join((title.text, *item.topics)), item.codes) or links.of(summary.text)
    marks = {*title.marks, *summary.marks, *dating, *linking, *([Mark.LANGUAGE] if straying else [])}
    return Article(found, at, title.text, summary.text, url, tongue, about, _sorted(marks))


def post(source: str, item: Item, said: str, first_seen: datetime, links: Links) -> Post | Refused:
    """Return `item`, whose text is its title, as a post."""
    found = identity(source, item)
    if found is None:
        return Refused("no identity", item.raw)
    if len(item.title) > LOOKED_AT:
        return Refused("text too long", item.raw)
    text = plain(item.title, LONGEST_TEXT)
    if not any(letter.isalnum() for letter in text.text):
        return Refused("no text", item.raw)
    at, dating = published(item.stated, first_seen)
    url, linking = address(item.link)
    tongue, straying = languages.language(text.text, languages.stated(item.language) or said)
    marks = {*text.marks, *dating, *linking, *([Mark.LANGUAGE] if straying else [])}
    about = links.of(text.text, item.codes)
    return Post(found, at, text.text, url, tongue, _nameless(source, item.author), about, _sorted(marks))


def address(link: str) -> tuple[str, frozenset[Mark]]:
    """Return `link` without what tracks its reader, "" and a mark when it is no address of the web."""
    try:
        parts = urlsplit(link.strip())
        host = parts.hostname
    except ValueError:
        return "", frozenset({Mark.LINK})
    if not link.strip():
        return "", frozenset()
    if parts.scheme not in ("http", "https") or not host or "@" in parts.netloc or len(link) > LONGEST_URL:
        return "", frozenset({Mark.LINK})
    kept = [
        pair for pair in parse_qsl(parts.query, keep_blank_values=True) if not pair[0].lower().startswith(_TRACKING)
    ]
    try:
        clean = urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode(kept), ""))
    except (ValueError, UnicodeEncodeError):
        return "", frozenset({Mark.LINK})
    if len(clean) > LONGEST_URL or not clean.isprintable() or " " in clean or set(clean) & set("<>\"'\\`"):
        return "", frozenset({Mark.LINK})
    return clean, frozenset()


def _nameless(source: str, author: str) -> str:
    if not author.strip():
        return ""
    return hashlib.sha256(f"{source}\n{author}".encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _sorted(marks: Iterable[Mark]) -> tuple[Mark, ...]:
    return tuple(sorted(set(marks)))
