"""RSS and Atom through feedparser, which is given text of ours only: it opens no address and no file."""

import io
import re
from typing import Any

from trading.errors import BadData
from trading.news.item import Item

#: More items than any feed has; what comes after them is not read.
MOST_ITEMS = 2_000
_ENTITY = re.compile(r"<!\s*ENTITY", re.IGNORECASE)
_XML = re.compile(r"^\s*<\?xml[^>]{0,200}\?>")
_FEED = re.compile(r"<\s*(?:rss|feed|rdf:rdf|channel)\b", re.IGNORECASE)
#: Where the first element of a feed is looked for, in characters.
_HEAD = 4_096


def items(text: str) -> tuple[list[Item], str]:
    """Return the items of a feed and the language that it states ("" when none).

    Raises:
        BadData: it is no feed, or declares entities of its own, which is how a small document becomes a huge one.
    """
    import feedparser

    if _ENTITY.search(text):
        raise BadData("the document declares entities of its own")
    if not _FEED.search(text[:_HEAD]):
        raise BadData("the document is neither RSS nor Atom")
    # It is UTF-8 by now, whatever it was and says that it is.
    document = _XML.sub("", text).encode("utf-8", "replace")
    told = {"content-type": "application/xml; charset=utf-8"}
    try:
        found = feedparser.parse(
            io.BytesIO(document), response_headers=told, sanitize_html=False, resolve_relative_uris=False
        )
    except (RecursionError, AssertionError, ValueError, TypeError, LookupError, AttributeError) as error:
        # What its parser of broken feeds stumbles over is the document's fault.
        raise BadData(f"the document cannot be parsed: {type(error).__name__}") from None
    if not found.entries and not found.feed:
        raise BadData("the document is not well-formed and holds nothing that can be read")
    return [_item(entry) for entry in found.entries[:MOST_ITEMS]], _text(found.feed.get("language"))


def _item(entry: Any) -> Item:
    return Item(
        guid=_text(entry.get("id")),
        title=_text(entry.get("title")),
        summary=_text(entry.get("summary")),
        link=_text(entry.get("link")),
        # Asked for an update that is not there, the entry would answer something else, with a warning.
        stated=_text(entry.get("published")) or _text(dict.get(entry, "updated")) or None,
        language=_text((entry.get("title_detail") or {}).get("language")),
        topics=tuple(_text(tag.get("term")) for tag in (entry.get("tags") or [])[:50]),
        raw=" | ".join(_text(entry.get(name)) for name in ("id", "link", "published", "title")),
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
