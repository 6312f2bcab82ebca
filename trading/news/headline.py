"""A headline reduced to what it says: its words in one form and order, its numbers, whether it is a digest."""

import re
from dataclasses import dataclass

_WORD = re.compile(r"[^\W_]+(?:\.\d+)?")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3})")
_AMOUNT = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)\s?(k|m|mln|million|b|bln|billion)(?![^\W_])")
_SIZES = {"k": 10**3, "m": 10**6, "mln": 10**6, "million": 10**6, "b": 10**9, "bln": 10**9, "billion": 10**9}
_SAME: dict[str, str] = {"btc": "bitcoin", "eth": "ethereum", "cryptocurrency": "crypto", "cryptocurrencies": "crypto"}
_EMPTY = frozenset(
    {
        "the", "a", "an", "of", "to", "in", "for", "its", "on", "and", "as", "with", "by", "says", "say", "said",
        "report", "reports", "reportedly", "is", "are", "usd",
    }
)  # fmt: skip
_DIGEST = re.compile(r"\bmore news$|\band more$|^(?:nifty news|finance redefined|price analysis)\b")
_ENDINGS = ("ing", "ed", "es", "s")
_STEM = 4


@dataclass(frozen=True, slots=True)
class Headline:
    """`words` sorted, one space between; `numbers` as amounts; a `digest` names the news of a day, not one of them."""

    words: str
    numbers: frozenset[str]
    digest: bool


def headline(title: str) -> Headline:
    """Return what `title` says."""
    said = _THOUSANDS.sub("", title.casefold().replace("\u2019", "'").replace("'s", ""))
    said = _AMOUNT.sub(lambda found: _amount(found.group(1), _SIZES[found.group(2)]), said)
    words: list[str] = [_SAME.get(word, word) for word in map(str, _WORD.findall(said)) if word not in _EMPTY]
    numbers = frozenset(word for word in words if _NUMBER.fullmatch(word))
    return Headline(" ".join(sorted(map(_stem, words))), numbers, bool(_DIGEST.search(said.strip())))


def _amount(digits: str, size: int) -> str:
    return f"{float(digits) * size:.0f}"


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _STEM:
            return word[: -len(ending)]
    return word
