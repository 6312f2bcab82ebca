"""Posts in CryptoPanic's shape: a list of posts, or an object with one under `results`."""

from typing import Any

from adapters.news.feeds import MOST_ITEMS
from adapters.news.json_items import at, kept, loaded, rows, worded
from trading.news.item import Item


def items(text: str) -> list[Item]:
    """Return the posts of a document; one that is no object is an item without anything.

    Raises:
        BadData: the document is not of that shape.
    """
    document = loaded(text)
    found = document if isinstance(document, list) else rows(document, "results")
    return [_item(post) for post in found[:MOST_ITEMS]]


def _item(post: Any) -> Item:
    if not isinstance(post, dict):
        return Item(raw=kept(post))
    currencies = post.get("currencies") or post.get("instruments")
    return Item(
        guid=worded(post.get("id")) or worded(post.get("slug")),
        title=worded(post.get("title")),
        summary=worded(post.get("description")) or worded(at(post, "metadata.description")),
        link=worded(post.get("original_url")) or worded(post.get("url")),
        stated=worded(post.get("published_at")) or worded(post.get("created_at")) or None,
        language=worded(at(post, "source.region")),
        codes=tuple(worded(at(one, "code")) for one in currencies[:50]) if isinstance(currencies, list) else (),
        raw=kept(post),
    )
