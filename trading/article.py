"""Articles and posts as they may be stored and shown: cleaned, dated and vetted; text only, never markup."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Mark(StrEnum):
    """What was odd about an item; it is stored all the same, and who reads it may want to know."""

    BIDI = "BIDI"  # characters that turn the order of reading
    CONTROL = "CONTROL"  # control characters, halves of surrogates
    CUT = "CUT"  # it was longer than we keep
    ENCODING = "ENCODING"  # bytes of its document could not be read as text
    FUTURE = "FUTURE"  # its date had not come when it was first seen; none is kept
    INVISIBLE = "INVISIBLE"  # characters that show nothing
    LANGUAGE = "LANGUAGE"  # it is written in another script than its language
    LINK = "LINK"  # its address is none of the web; none is kept
    NO_ZONE = "NO_ZONE"  # its date names no zone; read as UTC
    PROMPT = "PROMPT"  # it talks to a language model
    SCRIPT = "SCRIPT"  # a script, style, frame or form was taken out of it
    UNDATED = "UNDATED"  # it has no date, or one that cannot be read


@dataclass(frozen=True, slots=True)
class Article:
    """One headline. `published_at` is None when its date cannot be believed; `entities` are codes of currencies."""

    article_id: str
    published_at: datetime | None
    title: str
    summary: str
    url: str
    language: str
    entities: tuple[str, ...]
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Post:
    """One post of a person. `author` tells authors apart and does not name them."""

    post_id: str
    published_at: datetime | None
    text: str
    url: str
    language: str
    author: str
    entities: tuple[str, ...]
    marks: tuple[Mark, ...]
