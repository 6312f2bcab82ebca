"""One conditional GET: bounded in size and time, however the other side answers; compressed answers are bounded too."""

import zlib
from dataclasses import dataclass
from http.client import HTTPException
from ipaddress import ip_address
from time import monotonic
from typing import Any
from urllib.parse import urljoin, urlsplit

import stamina

from trading.errors import BadData, Denied, Unavailable

#: No document of a feed is larger, packed or unpacked.
LARGEST = 5_000_000
_PIECE = 65_536
_CONNECT_SECONDS, _READ_SECONDS, _ALL_SECONDS = 5.0, 10.0, 30.0
_ATTEMPTS = 3
_REDIRECTS = 3
_MOVED = (301, 302, 303, 307, 308)
_LONGEST_PAUSE = 86_400
_AGENT = "tradewind/0.1 (feed reader)"


class Busy(Unavailable):
    """The other side asks to be left alone for `seconds`."""

    def __init__(self, said: str, seconds: float) -> None:
        super().__init__(said)
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Held:
    """What the last answer said of itself: sent along, so that an unchanged document is not sent again."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What came: `body` None when nothing has changed; `charset` as the header says it, if it does."""

    body: bytes | None
    charset: str | None
    held: Held


def fetch(name: str, url: str, held: Held) -> Answer:
    """Return what is at `url` now; `name` stands for it in messages, for a URL may hold a key.

    Raises:
        Unavailable: no answer, after a few attempts; Busy (an Unavailable) when it asks for a pause.
        Denied: it answers, but not with a document (404, 401, a redirect to nowhere).
        BadData: the document is larger than LARGEST or its packing is broken.
    """
    for attempt in stamina.retry_context(on=_worth_trying, attempts=_ATTEMPTS, timeout=60.0):
        with attempt:
            return _followed(name, url, held)
    raise Unavailable(f"{name} does not answer")


def _worth_trying(error: Exception) -> bool:
    return isinstance(error, Unavailable) and not isinstance(error, Busy)


def _followed(name: str, url: str, held: Held) -> Answer:
    import requests
    import urllib3

    until = monotonic() + _ALL_SECONDS
    with requests.Session() as session:
        session.trust_env = False
        try:
            for _ in range(_REDIRECTS + 1):
                with session.get(
                    url,
                    headers=_headers(held),
                    timeout=(_CONNECT_SECONDS, _READ_SECONDS),
                    allow_redirects=False,
                    stream=True,
                ) as response:
                    if response.status_code not in _MOVED:
                        return _answer(name, response, held, until)
                    url = _next(name, url, response.headers.get("Location", ""))
        except (requests.RequestException, urllib3.exceptions.HTTPError, HTTPException, OSError, ValueError) as error:
            raise Unavailable(f"{name} does not answer: {type(error).__name__}") from None
    raise Denied("redirects", f"{name} redirects more than {_REDIRECTS} times")


def _headers(held: Held) -> dict[str, str]:
    headers = {"User-Agent": _AGENT, "Accept": "*/*", "Accept-Encoding": "gzip, deflate"}
    if held.etag:
        headers["If-None-Match"] = held.etag
    if held.last_modified:
        headers["If-Modified-Since"] = held.last_modified
    return headers


def _next(name: str, url: str, location: str) -> str:
    target = urljoin(url, location)
    parts = urlsplit(target)
    if not location or parts.scheme not in ("http", "https") or not parts.hostname:
        raise Denied("redirect", f"{name} redirects to no address of the web")
    if urlsplit(url).scheme == "https" and parts.scheme != "https":
        raise Denied("redirect", f"{name} redirects from https to http")
    if parts.hostname != urlsplit(url).hostname and _inside(parts.hostname):
        raise Denied("redirect", f"{name} redirects into a private network")
    return target


def _inside(host: str) -> bool:
    """Return whether `host` names this machine or a private network in so many words."""
    try:
        return not ip_address(host).is_global
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local", ".internal"))


def _answer(name: str, response: Any, held: Held, until: float) -> Answer:
    status = response.status_code
    if status == 304:
        return Answer(None, None, held)
    if status in (429, 503):
        raise Busy(f"{name} answers {status}", _pause(response.headers.get("Retry-After", "")))
    if status >= 500 or status == 408:
        raise Unavailable(f"{name} answers {status}")
    if status != 200:
        raise Denied(f"http_{status}", f"{name} answers {status}")
    body = _unpacked(name, _body(name, response, until), response.headers.get("Content-Encoding", ""))
    said = Held(_stated(response.headers.get("ETag")), _stated(response.headers.get("Last-Modified")))
    return Answer(body, response.encoding if "charset" in response.headers.get("Content-Type", "") else None, said)


def _pause(said: str) -> float:
    return float(min(int(said), _LONGEST_PAUSE)) if said.isascii() and said.isdigit() else 60.0


def _stated(value: str | None) -> str | None:
    return value if value and len(value) <= 512 and value.isprintable() else None


def _body(name: str, response: Any, until: float) -> bytes:
    parts, size = [], 0
    # As it comes over the wire: what it unpacks to is bounded separately.
    for piece in response.raw.stream(_PIECE, decode_content=False):
        parts.append(piece)
        size += len(piece)
        if size > LARGEST:
            raise BadData(f"{name} is larger than {LARGEST:,} bytes")
        if monotonic() > until:
            raise Unavailable(f"{name} took longer than {_ALL_SECONDS:.0f} s")
    return b"".join(parts)


def _unpacked(name: str, body: bytes, packing: str) -> bytes:
    packing = packing.strip().lower()
    if packing in ("", "identity"):
        return body
    if packing not in ("gzip", "x-gzip", "deflate"):
        raise BadData(f"{name} is packed in a way that was not asked for: {packing[:20]!r}")
    try:
        unpacker = zlib.decompressobj(47)  # gzip or zlib, by its head
        whole = unpacker.decompress(body, LARGEST + 1)
    except zlib.error:
        raise BadData(f"{name} cannot be unpacked") from None
    if len(whole) > LARGEST:
        raise BadData(f"{name} unpacks to more than {LARGEST:,} bytes")
    if not unpacker.eof:
        raise BadData(f"{name} ends in the middle of its packing")
    return whole
