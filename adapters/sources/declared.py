"""The sources as they are declared: one TOML file, one table per source, each with its contract."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from adapters.settings import Settings
from trading.errors import Misconfigured

FILE = "sources.toml"
#: What a source of each kind may say besides the contract that all share.
KINDS: Mapping[str, frozenset[str]] = {
    "feed": frozenset({"language"}),
    "cryptopanic": frozenset({"language"}),
    "posts": frozenset({"language", "items", "fields"}),
    "series": frozenset({"format", "items", "fields", "unit", "missing"}),
    "funding": frozenset({"exchange", "symbols", "venue", "start"}),
    "venue": frozenset({"exchange", "venue", "kinds"}),
}
#: What can be traded at a venue.
MARKETS = ("spot", "swap", "future")
_CONTRACT = frozenset({"name", "kind", "url", "fresh", "every", "licence", "key_file"})
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,62}")
_SPAN = re.compile(r"([1-9]\d{0,4})([mhd])")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


@dataclass(frozen=True)
class Source:
    """One source: where it is, how often it is asked, how old its newest item may be, and what may be done with it.

    `url` may hold `{key}`, which stands for the content of `key_file`; only that form is ever stored or shown.
    """

    name: str
    kind: str
    url: str
    fresh: timedelta
    every: timedelta
    licence: str
    language: str = "und"
    items: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    format: str = "json"
    unit: str = ""
    missing: tuple[str, ...] = ()
    exchange: str = ""
    symbols: tuple[str, ...] = ()
    venue: str = ""
    start: datetime | None = None
    kinds: tuple[str, ...] = ("spot",)
    key_file: Path | None = None

    def address(self) -> str:
        """Return the URL to ask, with its key; Misconfigured when the key's file cannot be read."""
        if self.key_file is None:
            return self.url
        try:
            key = self.key_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise Misconfigured(f"source {self.name}: key_file {self.key_file} cannot be read: {error}") from None
        if not re.fullmatch(r"[\x21-\x7e]{1,256}", key):
            raise Misconfigured(f"source {self.name}: key_file {self.key_file} does not hold a key in one line")
        return self.url.replace("{key}", key)


def declared(settings: Settings, kinds: Iterable[str] = KINDS) -> list[Source]:
    """Return the sources of `kinds` that the file of the settings declares, in its order; none when it is not there.

    Raises:
        Misconfigured: the file, or what one of its tables says, is wrong; the message names file, source and key.
    """
    path = settings.sources or settings.data_dir / FILE
    if settings.sources is None and not path.exists():
        return []
    wanted = frozenset(kinds)
    return [source for source in read(path) if source.kind in wanted]


def read(path: Path) -> list[Source]:
    """Return the sources that the file at `path` declares.

    Raises:
        Misconfigured: it cannot be read, or something in it is wrong.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Misconfigured(f"{path} (TRADEWIND_SOURCES): {error}") from None
    tables = document.get("source", [])
    if set(document) - {"source"} or not isinstance(tables, list) or not all(isinstance(t, dict) for t in tables):
        raise Misconfigured(f"{path}: only tables [[source]] are expected")
    found = [_source(table, path) for table in tables]
    twice = sorted({s.name for s in found if sum(s.name == other.name for other in found) > 1})
    if twice:
        raise Misconfigured(f"{path}: more than one source is called {', '.join(twice)}")
    return found


def _source(table: Mapping[str, Any], path: Path) -> Source:
    name = table.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise Misconfigured(f"{path}: a source needs a name of lower-case letters, digits, _ . -; not {name!r}")
    where = f"{path}, source {name}"
    kind = table.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise Misconfigured(f"{where}: kind = {kind!r} is none of {', '.join(sorted(KINDS))}")
    unknown = sorted(set(table) - _CONTRACT - KINDS[kind])
    if unknown:
        raise Misconfigured(f"{where}: a source of kind {kind} has no {', '.join(unknown)}")
    licence = _text(table, "licence", where, needed=True)
    url = _url(table, where, needed=kind not in ("funding", "venue"))
    return Source(
        name=name,
        kind=kind,
        url=url,
        fresh=_span(table, "fresh", where, None),
        every=_span(table, "every", where, timedelta(minutes=5)),
        licence=licence,
        key_file=_key_file(table, url, path, where),
        **_particular(table, kind, where),
    )


def _particular(table: Mapping[str, Any], kind: str, where: str) -> dict[str, Any]:
    """Return what only some kinds have."""
    own: dict[str, Any] = {name: _text(table, name, where) for name in ("items", "format", "unit") if name in table}
    if "language" in KINDS[kind]:
        own["language"] = (_text(table, "language", where) or "und").lower()
    if kind == "series" and own.setdefault("format", "json") not in ("json", "csv"):
        raise Misconfigured(f'{where}: format = {own["format"]!r} is neither "json" nor "csv"')
    fields = table.get("fields", {})
    if not isinstance(fields, dict) or not all(isinstance(value, str) for value in fields.values()):
        raise Misconfigured(f"{where}: fields is a table of names, such as {{ time = 'date' }}")
    own["fields"] = fields
    own["missing"] = _texts(table, "missing", where)
    if "exchange" in KINDS[kind]:
        own |= _of_exchange(table, kind, where)
    return own


def _of_exchange(table: Mapping[str, Any], kind: str, where: str) -> dict[str, Any]:
    """Return what says which exchange, and what of it."""
    exchange = _text(table, "exchange", where, needed=True)
    own: dict[str, Any] = {"exchange": exchange, "venue": _text(table, "venue", where) or exchange}
    if kind == "funding":
        own |= {"symbols": _texts(table, "symbols", where), "start": _start(table.get("start"), where)}
        if not own["symbols"]:
            raise Misconfigured(f'{where}: symbols are needed, such as symbols = ["BTC/USDT:USDT"]')
    elif "kinds" in table:
        own["kinds"] = _texts(table, "kinds", where)
        if not own["kinds"] or set(own["kinds"]) - set(MARKETS):
            raise Misconfigured(f"{where}: kinds are some of {', '.join(MARKETS)}")
    return own


def _text(table: Mapping[str, Any], name: str, where: str, *, needed: bool = False) -> str:
    value = table.get(name, "")
    if not isinstance(value, str) or (needed and not value.strip()) or len(value) > 2000:
        raise Misconfigured(f"{where}: {name} = {value!r} is not a text" + (" that says something" if needed else ""))
    return value.strip()


def _texts(table: Mapping[str, Any], name: str, where: str) -> tuple[str, ...]:
    value = table.get(name, [])
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise Misconfigured(f"{where}: {name} is a list of texts")
    return tuple(value)


def _url(table: Mapping[str, Any], where: str, *, needed: bool) -> str:
    url = _text(table, "url", where, needed=needed)
    if url and (urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname):
        raise Misconfigured(f"{where}: url = {url!r} is no http or https address")
    return url


def _span(table: Mapping[str, Any], name: str, where: str, default: timedelta | None) -> timedelta:
    value = table.get(name)
    if value is None and default is not None:
        return default
    found = _SPAN.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise Misconfigured(f'{where}: {name} = {value!r} is no time such as "15m", "6h" or "3d"')
    return int(found[1]) * _UNITS[found[2]]


def _start(value: object, where: str) -> datetime | None:
    if value is None:
        return None
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    raise Misconfigured(f"{where}: start = {value!r} is no date such as 2024-01-01")


def _key_file(table: Mapping[str, Any], url: str, path: Path, where: str) -> Path | None:
    name = _text(table, "key_file", where)
    if bool(name) != ("{key}" in url):
        raise Misconfigured(f"{where}: key_file and {{key}} in url belong together")
    return path.parent / name if name else None
