"""Raw Binance-shaped endpoints through ccxt, signed with the venue's own time."""

from collections.abc import Mapping
from typing import Any

from adapters.exchange.ccxt_client import Exchange, Transient, WireAnswer, ask, call
from adapters.exchange.pause import Pause
from trading.errors import Unavailable
from trading.ports import Clock
from trading.timeframe import milliseconds_of

_READ_WINDOW_MS = 5000


class BinanceWire:
    """The private endpoints of one account; `clock` is the venue's time, which dates every read and cancel."""

    def __init__(self, exchange: Exchange, clock: Clock, pause: Pause | None = None) -> None:
        self._exchange = exchange
        self._clock = clock
        self.pause = pause or Pause(clock)

    def market_id(self, symbol: str) -> str:
        """Return the venue's name of `symbol`; Unavailable or Misconfigured when it cannot be had."""
        call(self._exchange, "load_markets")
        return call(self._exchange, "market_id", symbol)

    def signed(self, endpoint: str, parameters: Mapping[str, Any]) -> WireAnswer:
        """Ask a signed `endpoint` once, dated now; Unavailable when the clock does not answer."""
        dated = {"timestamp": milliseconds_of(self._clock.now()), "recvWindow": _READ_WINDOW_MS}
        return self._ask(endpoint, {**parameters, **dated})

    def post_order(self, parameters: Mapping[str, Any]) -> WireAnswer:
        """Send an order once, dated by its own parameters."""
        return self._ask("private_post_order", parameters)

    def price(self, symbol: str) -> dict[str, Any]:
        """Return the last price of `symbol` as the venue words it."""
        return table(self._ask("public_get_ticker_price", {"symbol": self.market_id(symbol)}))

    def prices(self) -> list[dict[str, Any]]:
        """Return the last prices of all symbols as the venue words them."""
        return rows(self._ask("public_get_ticker_price", {}))

    def _ask(self, endpoint: str, parameters: Mapping[str, Any]) -> WireAnswer:
        if self.pause.lasts():
            raise Unavailable("the venue has asked to be left alone for a while")
        answer = ask(self._exchange, endpoint, dict(parameters))
        self.pause.heed(answer)
        return answer


def table(answer: WireAnswer) -> dict[str, Any]:
    """Return the object of a good answer; Unavailable when it is anything else."""
    if answer.status == 200 and isinstance(answer.body, dict):
        return answer.body
    raise _useless(answer)


def rows(answer: WireAnswer) -> list[dict[str, Any]]:
    """Return the rows of a good answer; Unavailable when it is anything else: no answer is not an empty one."""
    if answer.status == 200 and isinstance(answer.body, list) and all(isinstance(row, dict) for row in answer.body):
        return answer.body
    raise _useless(answer)


def _useless(answer: WireAnswer) -> Unavailable:
    status = "no answer" if answer.status is None else f"HTTP {answer.status}"
    # A refusal will be one again; what is lost, broken or garbled may be whole the next time.
    kind = Transient if answer.status is None or answer.status == 200 or answer.status >= 500 else Unavailable
    return kind(f"{status} {answer.error}".strip())
