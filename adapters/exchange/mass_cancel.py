"""Cancel all working orders of a symbol in one request: a connection of its own, for whoever has to stop trading."""

from adapters.exchange.binance_wire import BinanceWire
from adapters.exchange.ccxt_client import Credentials, connect
from trading.errors import TradewindError
from trading.ports import Clock, Known, Unreachable

#: The venue had nothing to cancel.
_NO_OPEN_ORDERS = -2011


class MassCancel:
    """One account at a Binance-shaped exchange; `clock` is the venue's time, `rest_url` replaces its address."""

    def __init__(self, exchange_id: str, credentials: Credentials, clock: Clock, rest_url: str | None = None) -> None:
        exchange = connect(exchange_id, credentials, rest_url, rate_limit=rest_url is None)
        self._wire = BinanceWire(exchange, clock)

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
