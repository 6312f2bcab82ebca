"""The gate between ccxt and the wire: each request is announced before it goes out, and so is what came of it."""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import Any, Protocol

from requests import PreparedRequest, RequestException, Response
from requests.adapters import HTTPAdapter

from adapters.exchange.ccxt_client import Exchange, Transient, retry_after
from trading.errors import Unavailable

#: ccxt states what a request costs in parts of its own unit; a tenth of it is the smallest that it uses.
_UNITS = 10
#: Where a venue has no window of its own: long enough for the dearest request.
_SECONDS = 10


@dataclass(frozen=True)
class Request:
    """One request: HTTP method and path as ccxt names them, and its units of the venue's allowance."""

    endpoint: str
    units: int


@dataclass(frozen=True)
class Reply:
    """What came of a request: HTTP status, None when no answer came; for how many seconds to stay away; in words."""

    request: Request
    status: int | None
    retry_after: float | None
    detail: str


@dataclass(frozen=True)
class Allowance:
    """What a venue bears: so many units within so many seconds."""

    units: int
    seconds: int

    def times(self, factor: float) -> "Allowance":
        """Return `factor` times as much within the same time."""
        return Allowance(max(1, int(self.units * factor)), self.seconds)


class Held(Unavailable):
    """Not asked at all: the venue wants to be left alone, its endpoint is broken, or our budget is spent."""


class Passage(Protocol):
    """Who decides whether a request goes out, and hears what came of it."""

    def enter(self, request: Request) -> None:
        """Let `request` go, now or after a wait; Held when it may not."""
        ...

    def leave(self, reply: Reply) -> None:
        """Hear what came of a request that was let go."""
        ...


class Free:
    """Lets everything through."""

    def enter(self, request: Request) -> None:
        """Do nothing."""

    def leave(self, reply: Reply) -> None:
        """Do nothing."""


#: What makes of what an exchange bears the one who lets requests to it out.
Opening = Callable[[Allowance], Passage]


def opened(passage: Opening | None, exchange: Exchange) -> Passage:
    """Return the passage to the ccxt `exchange`, an open one where none is wanted."""
    return Free() if passage is None else passage(allowance(exchange))


class Gate(HTTPAdapter):
    """The transport of one ccxt exchange: requests' own, behind a passage."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.passage: Passage = Free()
        self.request = Request("", 1)

    def send(self, request: PreparedRequest, *arguments: Any, **options: Any) -> Response:
        """Send `request` when the passage lets it; Held when not."""
        asked = self.request
        self.passage.enter(asked)
        try:
            response = super().send(request, *arguments, **options)
        except RequestException as error:
            self.passage.leave(Reply(asked, None, None, type(error).__name__))
            raise
        status, pause = response.status_code, retry_after(response.headers)
        self.passage.leave(Reply(asked, status, pause, f"HTTP {status}"))
        return response


def guard(exchange: Exchange, passage: Passage, gate: Gate) -> None:
    """Lead all requests of the ccxt `exchange` through `gate` and `passage`; ccxt says what each is and costs."""
    plain = exchange.fetch2

    def announced(*asked: Any, **more: Any) -> Any:
        gate.request = request = request_of(exchange, *asked, **more)
        answer = plain(*asked, **more)
        readable = isinstance(answer, dict | list) and answer != {}
        # ccxt hands on HTML, a torn answer or nothing as text, and finds no rows in it: not known is not empty.
        if request.endpoint.startswith("GET ") and request.endpoint != "GET ping" and not readable:
            raise Transient(f"{exchange.id} answered {request.endpoint} with nothing that can be read: {answer!r:.60}")
        return answer

    gate.passage = passage
    exchange.fetch2 = announced
    for scheme in ("https://", "http://"):
        exchange.session.mount(scheme, gate)


def request_of(
    exchange: Exchange,
    path: str,
    api: Any = "public",
    method: str = "GET",
    params: Any = None,
    headers: Any = None,  # noqa: ARG001 - ccxt gives them in this order, and they cost nothing
    body: Any = None,  # noqa: ARG001
    config: Any = None,
) -> Request:
    """Return what a request of the ccxt `exchange` is called and costs; the arguments are those of its fetch2."""
    cost = exchange.calculate_rate_limiter_cost(api, method, path, params or {}, config or {})
    return Request(f"{method} {path}", max(1, ceil(float(cost) * _UNITS - 1e-9)))


def allowance(exchange: Exchange) -> Allowance:
    """Return what the venue of the ccxt `exchange` bears, as ccxt states it."""
    window = round(float(getattr(exchange, "rollingWindowSize", 0) or 0) / 1000) or _SECONDS
    return Allowance(max(1, int(window * 1000 / float(exchange.rateLimit) * _UNITS)), window)
