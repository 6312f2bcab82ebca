"""Recordings of what venues sent, line by line: two layouts that are in use, gzipped or not.

One writes `<unix seconds>: <message>` with `<url> -> <seconds>: <answer>` for REST, `<url> <- ...` for what was sent
and `<url> <-> <seconds>` for a connection; the other `<unix nanoseconds> <message>`.
"""

import gzip
import heapq
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from adapters.exchange.streams.message import Where


class Way(Enum):
    """How a line came about."""

    STREAM = "STREAM"
    ANSWER = "ANSWER"
    SENT = "SENT"
    CONNECTED = "CONNECTED"
    UNCLEAR = "UNCLEAR"


@dataclass(frozen=True, slots=True)
class Line:
    """One line: the number of its file, when it was received (unix seconds), how, from which URL, and its text."""

    source: int
    at: float
    way: Way
    url: str
    text: str


_STAMPED = re.compile(r"([0-9]{9,11}(?:\.[0-9]+)?): (.*)", re.DOTALL | re.ASCII)
_NANOSECONDS = re.compile(r"([0-9]{19}) (.*)", re.DOTALL | re.ASCII)
_WITH_URL = re.compile(
    r"((?:https?|wss?)://[^ ]+) (<->|->|<-) ([0-9]{9,11}(?:\.[0-9]+)?)(?:: (.*))?", re.DOTALL | re.ASCII
)
_WAYS = {"<->": Way.CONNECTED, "->": Way.ANSWER, "<-": Way.SENT}
_NOTE = "configuration: "
_MARKET_FIELDS = ("symbol", "instId", "pair", "product_id", "market")
_PRODUCT = re.compile(r"/products/([^/]+)/")

#: Parts of host names and the venue (ccxt's id) behind them; the first that fits counts.
VENUES = (
    ("fstream.binance.com", "binanceusdm"),
    ("fapi.binance.com", "binanceusdm"),
    ("dstream.binance.com", "binancecoinm"),
    ("dapi.binance.com", "binancecoinm"),
    ("binance.us", "binanceus"),
    ("binance.com", "binance"),
    ("bybit.com", "bybit"),
    ("advanced-trade-ws.coinbase.com", "coinbase"),
    ("coinbase.com", "coinbaseexchange"),
    ("futures.kraken.com", "krakenfutures"),
    ("kraken.com", "kraken"),
    ("okx.com", "okx"),
    ("okex.com", "okx"),
)


def lines(files: Iterable[Path]) -> Iterator[Line]:
    """Yield the lines of all files in the order in which they were received."""
    return heapq.merge(*(_lines(source, file) for source, file in enumerate(files)), key=lambda line: line.at)


def venue_of(url: str) -> str | None:
    """Return the venue whose host `url` names, None when it is not known."""
    host = urlsplit(url).hostname or ""
    return next((venue for part, venue in VENUES if host == part or host.endswith(f".{part}")), None)


def where(url: str) -> Where:
    """Return what the URL of a request says about its answer."""
    parts = urlsplit(url)
    asked = parse_qs(parts.query)
    product = _PRODUCT.search(f"{parts.path}/")
    market = next((asked[field][0] for field in _MARKET_FIELDS if field in asked), product[1] if product else "")
    return Where(market, asked.get("interval", [""])[0])


def _lines(source: int, file: Path) -> Iterator[Line]:
    at = 0.0
    with file.open("rb") as stored, gzip.open(stored) if file.suffix == ".gz" else stored as content:
        for raw in content:
            text = raw.decode(errors="replace").rstrip("\r\n")
            if text and not text.startswith(_NOTE):
                line = _line(source, text, at)
                at = max(at, line.at)
                yield line


def _line(source: int, text: str, before: float) -> Line:
    if found := _STAMPED.fullmatch(text):
        return Line(source, float(found[1]), Way.STREAM, "", found[2])
    if found := _NANOSECONDS.fullmatch(text):
        return Line(source, int(found[1]) / 1e9, Way.STREAM, "", found[2])
    if found := _WITH_URL.fullmatch(text):
        return Line(source, float(found[3]), _WAYS[found[2]], found[1], found[4] or "")
    return Line(source, before, Way.UNCLEAR, "", text)
