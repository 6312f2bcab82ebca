"""An item as a source gave it: nothing in it is believed yet."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Item:
    """One headline or post of a document; texts may hold anything.

    `codes` are tickers that the source gave it, `topics` its words for what it is about; `stated` is its date as text,
    or as seconds or milliseconds since 1970; `raw` is what is kept when it is quarantined.
    """

    guid: str = ""
    title: str = ""
    summary: str = ""
    link: str = ""
    stated: str | float | None = None
    language: str = ""
    author: str = ""
    codes: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    raw: str = field(default="", repr=False)
