"""One ccxt exchange, tamed: one attempt per call, no redirects, numbers as text, and what really came over the wire."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MethodType
from typing import Any
from urllib.parse import urlsplit

from adapters.exchange.precision import bound
from trading.errors import BadData, Denied, Misconfigured, TradewindError, Unavailable

Exchange = Any

#: What ccxt falls over when an answer has another shape than it reads.
_SHAPELESS = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError)


class Transient(Unavailable):
    """Nothing usable came back this once; a read may be tried again in a moment."""


class Throttled(Unavailable):
    """The venue says that we ask too much; it is not to be asked before the pause that it wants is over."""


#: Three days, the longest ban that venues speak of.
_LONGEST_PAUSE = 259_200.0


#: One attempt per call, and no more asked than is needed.
_OPTIONS = {
    "fetchMargins": False,
    "fetchCurrencies": False,
    "maxRetriesOnFailure": 0,
    "warnOnFetchOpenOrdersWithoutSymbol": False,
}


@dataclass(frozen=True)
class WireAnswer:
    """What came back: HTTP status (None when no answer arrived), the JSON body if it is JSON, and ccxt's complaint.

    `retry_after` is for how many seconds the venue wants to be left alone, when it says so.
    """

    status: int | None
    body: Any
    error: str
    retry_after: float | None = None

    @property
    def code(self) -> int | None:
        """The venue's error code in the body, if there is one."""
        code = self.body.get("code") if isinstance(self.body, dict) else None
        return code if isinstance(code, int) else None


@dataclass(frozen=True)
class Credentials:
    """An API key and its secret; both empty for public data."""

    api_key: str = ""
    secret: str = ""

    def __repr__(self) -> str:
        """Show that there are credentials, never what they are."""
        return f"Credentials({'set' if self.api_key else 'none'})"


def connect(
    exchange_id: str,
    credentials: Credentials,
    rest_url: str | None = None,
    *,
    timeout: float = 10.0,
    rate_limit: bool = True,
) -> Exchange:
    """Return the ccxt exchange `exchange_id`; with `rest_url` all its requests go there. `timeout` in seconds.

    Raises:
        Misconfigured: ccxt knows no such exchange.
    """
    import ccxt

    if exchange_id not in ccxt.exchanges:
        raise Misconfigured(f"exchange {exchange_id!r} is not one that ccxt knows (option --exchange)")
    exchange = _client_of(exchange_id)(
        {
            "apiKey": credentials.api_key,
            "secret": credentials.secret,
            "timeout": round(timeout * 1000),
            "enableRateLimit": rate_limit,
            "options": {"fetchMarkets": {"types": ["spot"]}, **_OPTIONS},
        }
    )
    exchange.has["fetchCurrencies"] = False
    exchange.number = str
    bound(exchange)
    # A redirected POST would become a GET elsewhere, with our headers.
    exchange.session.max_redirects = 0
    if rest_url is not None:
        exchange.urls["api"] = {name: rest_url + urlsplit(url).path for name, url in exchange.urls["api"].items()}
    return exchange


@cache
def _client_of(exchange_id: str) -> Any:
    """Return ccxt's class of an exchange, made so that only the first client of a process bears its whole cost.

    With each new client ccxt goes through `dir` of it and gives every method its camel-case twin on the class once
    more, which is most of the time that one takes. From the second on it is shown only what is not on the class yet.
    """
    import ccxt

    plain = getattr(ccxt, exchange_id)
    unlike: list[str] = []

    def shown(self: Any) -> list[str]:
        if not unlike:
            names: list[str] = plain.__dir__(self)
            unlike[:] = [name for name in names if not isinstance(getattr(self, name), MethodType)]
            return names
        return list(dict.fromkeys((*vars(self), *unlike)))

    return type(plain.__name__, (plain,), {"__dir__": shown})


def ask(exchange: Exchange, endpoint: str, params: dict[str, Any]) -> WireAnswer:
    """Call the raw `endpoint` of `exchange` (such as private_post_order) once and return what came over the wire."""
    import ccxt

    seen: list[tuple[int, Any, str]] = []

    def listen(*answer: Any) -> str:
        status, _reason, _url, _method, headers, body, *_ = answer
        seen.append((status, headers, body))
        return body

    error = ""
    exchange.on_rest_response = listen
    try:
        getattr(exchange, endpoint)(params)
    except (ccxt.BaseError, *_SHAPELESS) as failure:
        error = f"{type(failure).__name__}: {failure}"
    finally:
        del exchange.on_rest_response
    if not seen:
        return WireAnswer(None, None, error)
    status, headers, body = seen[-1]
    return WireAnswer(status, _json(body), error, retry_after(headers))


def call(exchange: Exchange, method: str, *arguments: Any) -> Any:
    """Call a unified reading `method` of `exchange` and return its answer.

    Raises:
        Unavailable: no usable answer came, Transient or Throttled; the same call may succeed later.
        Misconfigured: the venue does not know the symbol.
        Denied: the venue refused, for example the API key.
        BadData: the venue answered in another shape than ccxt reads.
    """
    import ccxt

    try:
        return getattr(exchange, method)(*arguments)
    except ccxt.BaseError as failure:
        raise _translated(exchange.id, failure) from None
    except _SHAPELESS as failure:
        shape = type(failure).__name__
        raise BadData(f"{exchange.id} answers {method} in a shape that cannot be read: {shape}") from None


def _translated(exchange_id: str, failure: Exception) -> TradewindError:
    import ccxt

    line = " ".join(str(failure).split())[:300]
    if isinstance(failure, ccxt.BadSymbol):
        return Misconfigured(f"{exchange_id} has no such symbol: {line} (option --symbols)")
    if isinstance(failure, ccxt.RateLimitExceeded | ccxt.DDoSProtection):
        return Throttled(f"{exchange_id} wants to be left alone: {type(failure).__name__} {line}")
    if isinstance(failure, ccxt.OperationFailed):
        return Transient(f"{exchange_id} does not answer: {type(failure).__name__} {line}")
    return Denied(type(failure).__name__, line)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return for how many seconds the answer with `headers` wants us to stay away, None when it does not say."""
    said = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    try:
        return max(0.0, min(float(said), _LONGEST_PAUSE))
    except ValueError:
        return None


def _json(body: str) -> Any:
    try:
        return json.loads(body, parse_float=str)
    except ValueError:
        return None
