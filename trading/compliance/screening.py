"""Screening: is an address or a name on one of the lists that were read? The lists and their versions are named."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from trading.audit import digest
from trading.compliance.address import is_address, parse
from trading.errors import Misconfigured

#: Likeness of two names in percent, 0 to 100: `alike(first, second)`.
Alike = Callable[[str, str], float]


@dataclass(frozen=True)
class ListedAddress:
    """An address on a list: `coin` is what the list is about, `line` its line in file `source`."""

    key: str
    coin: str
    source: str
    line: int


@dataclass(frozen=True)
class ListedName:
    """A name or alias on a list: `name` as it stands there, `entry` the main name of that line."""

    name: str
    entry: str
    source: str
    line: int


@dataclass(frozen=True)
class ListFile:
    """A file of a list as it was read: its SHA-256 and how many addresses or names it has."""

    name: str
    kind: str
    sha256: str
    entries: int


@dataclass(frozen=True)
class Lists:
    """All lists together. `version` is the hash over the files: other lists have another version."""

    files: tuple[ListFile, ...]
    addresses: tuple[ListedAddress, ...]
    names: tuple[ListedName, ...]

    @property
    def version(self) -> str:
        """SHA-256 over the names and hashes of the files."""
        return digest([[file.name, file.sha256] for file in self.files])


@dataclass(frozen=True)
class Hit:
    """What on a list is the subject, or looks like it: `score` is 100 for the same, less for a name that is alike."""

    source: str
    line: int
    listed: str
    entry: str
    score: Decimal


@dataclass(frozen=True)
class Verdict:
    """The answer about `subject`: hits are what blocks. `checksum` is that of an address, "none" of a name."""

    subject: str
    kind: str
    checksum: str
    version: str
    threshold: Decimal
    hits: tuple[Hit, ...]


def kind_of(subject: str) -> str:
    """Return address or name: what `subject` is by its form; what begins as an address is none that is cut off."""
    word = subject.strip()
    begun = word.lower().startswith(("0x", "bc1")) and " " not in word
    return "address" if begun or is_address(word) else "name"


def screen(subject: str, lists: Lists, threshold: Decimal, alike: Alike) -> Verdict:
    """Return which entries of `lists` are `subject`: addresses by the rules of their chain, names at `threshold` or up.

    An address is looked for on all lists, whatever their coin: the owner of an address is one person on every token.
    `threshold` is a likeness in percent.

    Raises:
        BadData: an address that none can be.
        Misconfigured: nothing was said, or the lists have nothing that could be compared with it.
    """
    if not subject.strip():
        raise Misconfigured("nothing to screen: give an address or a name")
    kind = kind_of(subject)
    if not (lists.addresses if kind == "address" else lists.names):
        raise Misconfigured(f"no list holds any {kind}: {subject!r} cannot be screened, which is not the same as clean")
    if kind == "address":
        address = parse(subject)
        hits = [_same(one) for one in lists.addresses if one.key == address.key]
        return Verdict(subject.strip(), kind, address.checksum, lists.version, threshold, tuple(hits))
    return Verdict(subject.strip(), kind, "none", lists.version, threshold, _named(subject, lists, threshold, alike))


def _same(one: ListedAddress) -> Hit:
    return Hit(one.source, one.line, one.key, one.coin, Decimal(100))


def _named(subject: str, lists: Lists, threshold: Decimal, alike: Alike) -> tuple[Hit, ...]:
    wanted = plain_name(subject)
    if not wanted:
        raise Misconfigured(f"{subject!r} has no letter or digit that a name could be known by")
    hits: list[Hit] = []
    for one in lists.names:
        other = plain_name(one.name)
        score = Decimal(100) if other == wanted else Decimal(str(round(alike(wanted, other), 1)))
        if score >= threshold:
            hits.append(Hit(one.source, one.line, one.name, one.entry, score))
    return tuple(sorted(hits, key=lambda hit: (-hit.score, hit.source, hit.line, hit.listed)))


def plain_name(name: str) -> str:
    """Return a name without case, accents, punctuation and order: its words by the alphabet, one blank between."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return " ".join(sorted(re.findall(r"\w+", bare.replace("_", " "))))


def clash(hits: Iterable[Hit]) -> str:
    """Return the hits in words, the strongest first."""
    return "; ".join(
        f"{hit.listed} ({hit.source} line {hit.line}, {hit.score:g} %)" for hit in sorted(hits, key=lambda h: -h.score)
    )


def doubtful(verdict: Verdict) -> Sequence[str]:
    """Return what a person should know about the address besides the hits, such as a checksum that does not hold."""
    if verdict.kind == "address" and verdict.checksum == "wrong":
        return [f"the checksum of {verdict.subject} is wrong: a letter was mistyped, so another address may be meant"]
    return []
