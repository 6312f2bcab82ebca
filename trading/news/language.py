"""The language of a text: what its source says, unless the script it is written in says otherwise."""

import re
import unicodedata

_STATED = re.compile(r"^[A-Za-z]{2,3}(?=$|[-_])")
#: Scripts that only one widely read language is written in.
_OWN = {"HIRAGANA": "ja", "KATAKANA": "ja", "HANGUL": "ko", "THAI": "th", "HEBREW": "he", "GREEK": "el"}
#: Which scripts the languages are written in that are not written in Latin letters.
_WRITTEN = {
    "CYRILLIC": frozenset({"ru", "uk", "bg", "sr", "mk", "be", "kk", "ky", "mn", "tg"}),
    "ARABIC": frozenset({"ar", "fa", "ur", "ps", "ckb"}),
    "CJK": frozenset({"zh", "ja"}),
    "DEVANAGARI": frozenset({"hi", "mr", "ne"}),
}
_ELSEWHERE = frozenset[str]().union(*_WRITTEN.values(), _OWN.values())
UNKNOWN = "und"


def stated(tag: str | None) -> str | None:
    """Return the language of a tag such as `en-US`, None when it is none."""
    found = _STATED.match(tag.strip()) if tag else None
    return found.group().lower() if found else None


def language(text: str, said: str) -> tuple[str, bool]:
    """Return the two or three letters of the language of `text`, and whether they contradict what was `said`."""
    script = _script(text)
    if script is None:
        return said, False
    if script in _OWN:
        return _OWN[script], said != _OWN[script]
    if script in _WRITTEN:
        fits = said in _WRITTEN[script]
        return (said if fits else UNKNOWN), not fits
    contradicts = script == "LATIN" and said in _ELSEWHERE
    return (UNKNOWN if contradicts else said), contradicts


def _script(text: str) -> str | None:
    """Return the script of most letters of `text`; Japanese is told by its own letters, however few among the rest."""
    counts: dict[str, int] = {}
    for letter in text:
        if letter.isalpha():
            name = unicodedata.name(letter, "").partition(" ")[0].partition("-")[0]
            counts[name] = counts.get(name, 0) + 1
    if not counts:
        return None
    kana = counts.get("HIRAGANA", 0) + counts.get("KATAKANA", 0)
    if kana >= 2 and kana + counts.get("CJK", 0) > sum(counts.values()) / 2:
        return "HIRAGANA"
    best = max(sorted(counts), key=counts.__getitem__)
    return best if counts[best] > sum(counts.values()) / 2 else None
