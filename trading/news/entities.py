"""Entity links: which currencies a text is about, by the declared dictionary of names and tickers."""

import re
from collections.abc import Iterable, Sequence

from trading.news.dictionary import ENTITIES, Entity

#: Beside one of these a word is the name of a currency.
_TRADE = frozenset(
    {
        "bears", "blockchain", "bridge", "bulls", "chain", "coin", "coins", "crypto", "cryptocurrency", "dao", "defi",
        "developer", "developers", "ecosystem", "finance", "foundation", "holders", "l1", "l2", "labs", "layer",
        "ledger", "mainnet", "network", "price", "prices", "protocol", "sidechain", "stablecoin", "staking", "subnet",
        "subnets", "testnet", "token", "tokens", "usd", "usdt", "validators", "wallet", "whales",
    }
)  # fmt: skip
_QUOTES = "USDT|USDC|BUSD|USD|EUR|GBP|BTC|ETH"
_CASHTAG = re.compile(r"(?<![\w$])\$([A-Za-z][A-Za-z0-9]{1,9})\b")
_PAIR = re.compile(rf"(?<![\w$])([A-Z0-9]{{2,10}})(?:[/-](?:{_QUOTES})|(?:USDT|USDC|BUSD))(?!\w)")
_BARE = re.compile(r"(?<![\w$./-])([A-Z0-9]{2,10})(?![\w])")
_PARENTHESES = re.compile(r"\(\s*\$?([A-Z0-9]{2,10})\s*\)")
_WORD = re.compile(r"[^\W_]+")


class Links:
    """Finds the currencies of a dictionary in texts; compile once, ask often."""

    def __init__(self, entities: Sequence[Entity] = ENTITIES) -> None:
        self._by_ticker = {ticker: one for one in entities for ticker in one.tickers}
        self._by_name = {name.casefold(): one.code for one in entities for name in one.names}
        self._by_word = {word: one for one in entities for word in one.words}
        # The longest name first: Bitcoin Cash is not Bitcoin.
        known = sorted(self._by_name, key=lambda name: (-len(name), name))
        self._names = re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, known)) + r")(?!\w)", re.IGNORECASE)
        words = "|".join(map(re.escape, sorted(self._by_word, key=lambda word: (-len(word), word))))
        self._words = re.compile(rf"(?<!\w)(?:{words})(?!\w)") if words else None

    def of(self, text: str, tags: Iterable[str] = ()) -> tuple[str, ...]:
        """Return the codes that `text` is about, sorted; `tags` are tickers that its source gave it."""
        found = {self._by_ticker[tag].code for tag in map(str.upper, tags) if tag in self._by_ticker}
        plain = [match.upper() for match in _CASHTAG.findall(text)]
        plain += _PAIR.findall(text) + _PARENTHESES.findall(text)
        found |= {self._by_ticker[ticker].code for ticker in plain if ticker in self._by_ticker}
        found |= self._bare(text)
        rest = self._names.sub(lambda match: " " * len(match.group()), text)
        found |= {self._by_name[match.casefold()] for match in self._names.findall(text)}
        return tuple(sorted(found | self._ambiguous(rest, found)))

    def _bare(self, text: str) -> set[str]:
        """Return the codes whose tickers stand alone in capitals; in a text of capitals alone none is told apart."""
        if text.isupper():
            return set()
        found: set[str] = set()
        for match in _BARE.finditer(text):
            entity = self._by_ticker.get(match.group(1))
            if entity is not None and (not entity.is_word or _beside_trade(text, match.start(), match.end())):
                found.add(entity.code)
        return found

    def _ambiguous(self, text: str, found: set[str]) -> set[str]:
        more: set[str] = set()
        bare = set(map(str, _BARE.findall(text)))
        for match in self._words.finditer(text) if self._words else ():
            entity = self._by_word[match.group()]
            named = entity.code in found or any(ticker in bare for ticker in entity.tickers)
            if named or _beside_trade(text, match.start(), match.end()):
                more.add(entity.code)
        return more


def _beside_trade(text: str, start: int, end: int) -> bool:
    """Return whether the word before `start` or the one after `end` belongs to the trade."""
    after = _WORD.match(text, end + 1) if text[end : end + 1] == " " else None
    if after is None and text[end : end + 3] in ("'s ", "\u2019s "):
        after = _WORD.match(text, end + 3)
    before = _WORD.findall(text[max(0, start - 24) : start]) if text[start - 1 : start] == " " else []
    beside = [after.group()] if after else []
    beside += before[-1:]
    return any(word.casefold() in _TRADE for word in beside)
