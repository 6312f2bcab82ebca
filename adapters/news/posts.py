"""Posts of any JSON interface: a list of objects, its fields named by dotted paths; docs/sources.md has the shape."""

from collections.abc import Mapping
from typing import Any

from adapters.news.feeds import MOST_ITEMS
from adapters.news.json_items import at, kept, loaded, rows, worded
from trading.errors import Misconfigured
from trading.news.item import Item

#: Where the parts of a post are, unless the source says otherwise.
FIELDS: Mapping[str, str] = {
    "id": "id",
    "text": "text",
    "time": "created_at",
    "url": "url",
    "language": "lang",
    "author": "author",
}


def items(text: str, path: str, fields: Mapping[str, str]) -> list[Item]:
    """Return the posts of a document; `path` is where its list is, "" for a document that is one or has `posts`.

    Raises:
        BadData: there is no such list.
        Misconfigured: `fields` names a part that posts do not have.
    """
    unknown = sorted(set(fields) - set(FIELDS))
    if unknown:
        raise Misconfigured(f"sources.toml: posts have no field {', '.join(unknown)}; they have {', '.join(FIELDS)}")
    document = loaded(text)
    found = rows(document, path or ("" if isinstance(document, list) else "posts"))
    where = {**FIELDS, **fields}
    return [_item(post, where) for post in found[:MOST_ITEMS]]


def _item(post: Any, where: Mapping[str, str]) -> Item:
    if not isinstance(post, dict):
        return Item(raw=kept(post))
    part = {name: worded(at(post, path)) for name, path in where.items()}
    return Item(
        guid=part["id"],
        title=part["text"],
        link=part["url"],
        stated=part["time"] or None,
        language=part["language"],
        author=part["author"],
        raw=kept(post),
    )
