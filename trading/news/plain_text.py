"""Text from strangers as plain text: no markup, nothing that acts, hides or turns the reading order; bounded."""

import re
import unicodedata
from dataclasses import dataclass
from html import unescape

from trading.article import Mark

#: What is looked at at all, in characters; a text that is longer is cut first, so that no parser runs for long.
LOOKED_AT = 20_000
#: Elements whose content is not text for readers.
_ACTIVE = frozenset({"script", "style", "iframe", "object", "embed", "form", "svg", "template", "noscript"})
_BIDI = frozenset({0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)})
#: Shows nothing and joins nothing; the last range once named languages and now only hides text.
_INVISIBLE = frozenset({0x00AD, 0x034F, 0x180E, 0x200B, *range(0x2060, 0x2065), 0xFEFF, *range(0xE0000, 0xE0080)})
#: A tag never reaches over the next one's beginning: so no text makes the search go back far.
_TAG = re.compile(r"""<(/?)([a-zA-Z][a-zA-Z0-9:-]*)(?:[^<>"']|"[^"<]*"|'[^'<]*')*>""")
_DECLARATION = re.compile(r"<!\[CDATA\[|<[!?][^<>]*>|\]\]>")
_ACTS = re.compile(r"""[\s/"']on[a-z]+\s*=|javascript:""", re.IGNORECASE)
_SPACES = re.compile(r"\s+")
_PROMPT = re.compile(
    r"\b(ignore|disregard|forget)\b.{0,40}\b(instructions?|prompts?|rules)\b"
    r"|\bsystem prompt\b|\byou are now\b|\bas an ai\b|\bact as (a|an|the)\b.{0,30}\b(assistant|model|agent)\b"
    r"|<\|.{1,20}\|>|\[/?inst\]|^\s*(system|assistant|user)\s*:",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Plain:
    """The text as it may be stored and shown, and what was odd about it."""

    text: str
    marks: frozenset[Mark]


def plain(raw: str, most: int) -> Plain:
    """Return `raw` without markup and trickery, in one line of at most `most` characters."""
    marks: set[Mark] = set()
    if len(raw) > LOOKED_AT:
        marks.add(Mark.CUT)
    kept = "".join(_kept(_seen(raw[:LOOKED_AT], marks), marks))
    text = _SPACES.sub(" ", unicodedata.normalize("NFC", kept)).strip()
    if _PROMPT.search(text):
        marks.add(Mark.PROMPT)
    if len(text) > most:
        marks.add(Mark.CUT)
        text = text[:most].rstrip()
    return Plain(text, frozenset(marks))


def _kept(text: str, marks: set[Mark]) -> list[str]:
    kept: list[str] = []
    for letter in text:
        code = ord(letter)
        if code in _BIDI:
            marks.add(Mark.BIDI)
        elif code in _INVISIBLE:
            marks.add(Mark.INVISIBLE)
        elif letter.isspace():
            kept.append(" ")
        elif unicodedata.category(letter) in ("Cc", "Cs", "Co", "Cn"):
            marks.add(Mark.CONTROL)
        else:
            kept.append(letter)
    return kept


def _seen(raw: str, marks: set[Mark]) -> str:
    """Return what a reader of a page would see of `raw`, in time that grows with its length and no faster."""
    markup = _without_comments(raw)
    parts: list[str] = []
    within, last = "", 0
    for tag in _TAG.finditer(markup):
        if not within:
            parts.append(markup[last : tag.start()])
        last = tag.end()
        closing, name = tag.group(1), tag.group(2).lower()
        if within:
            within = "" if closing and name == within else within
        elif name in _ACTIVE and not closing:
            marks.add(Mark.SCRIPT)
            within = "" if tag.group().endswith("/>") else name
        if _ACTS.search(tag.group()):
            marks.add(Mark.SCRIPT)
        parts.append(" ")
    if not within:
        parts.append(markup[last:])
    return unescape(_DECLARATION.sub(" ", "".join(parts)))


def _without_comments(raw: str) -> str:
    kept: list[str] = []
    start = 0
    while (begin := raw.find("<!--", start)) >= 0 and (end := raw.find("-->", begin + 4)) >= 0:
        kept.append(raw[start:begin])
        start = end + 3
    return " ".join([*kept, raw[start:]])
