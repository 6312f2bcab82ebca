"""See and cancel all working orders: a connection of its own, for whoever has to watch or stop trading."""

from dataclasses import dataclass

from adapters.exchange.binance_wire import BinanceWire, rows
from adapters.exchange.ccxt_client import Credentials, call, connect
from trading.errors import TradewindError
from trading.ports import Clock, Known, Unreachable

#: The venue had nothing to cancel.
_NO_OPEN_ORDERS = -2011
#: Whoever stops trading cannot wait long for one answer.
_TIMEOUT_SECONDS = 4.0


@dataclass(frozen=True)
class Working:
    """An order that is open at the venue; `client_id` is whatever its sender called it."""

    symbol: str
    client_id: str


class MassCancel:
    """One account at a Binance-shaped exchange; `clock` is the venue's time, `rest_url` replaces its address."""

    def __init__(self, exchange_id: str, credentials: Credentials, clock: Clock, rest_url: str | None = None) -> None:
        self._exchange = connect(
            exchange_id, credentials, rest_url, timeout=_TIMEOUT_SECONDS, rate_limit=rest_url is None
        )
        self._wire = BinanceWire(self._exchange, clock)

    def cancel_all(self, symbol: str) -> Known[int] | Unreachable:
        """Ask the venue to cancel every working order of `symbol`; return how many it cancelled."""
        try:
            answer = self._wire.signed("private_delete_openorders", {"symbol": self._wire.market_id(symbol)})
        except TradewindError as error:
            return Unreachable(f"{type(error).__name__}: {error}")
        if answer.status == 200 and isinstance(answer.body, list):
            return Known(len(answer.body))
        if answer.code == _NO_OPEN_ORDERS:
            return Known(0)
        return Unreachable(answer.error or f"HTTP {answer.status}")

    def open_orders(self) -> Known[list[Working]] | Unreachable:
        """Return the open orders of the account in all symbols, foreign ones included."""
        try:
            call(self._exchange, "load_markets")
            found = rows(self._wire.signed("private_get_openorders", {}))
            return Known([Working(self._symbol(row["symbol"]), str(row["clientOrderId"])) for row in found])
        except (TradewindError, KeyError, TypeError) as error:
            return Unreachable(f"{type(error).__name__}: {error}")

    def close(self) -> None:
        """Close the connections."""
        self._exchange.session.close()

    def _symbol(self, market: str) -> str:
        """Return our name of a market, or the venue's own when it lists it no more."""
        known = self._exchange.markets_by_id.get(market)
        return known[0]["symbol"] if known else market
