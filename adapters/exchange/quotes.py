"""Last prices kept at hand, so that a decision need not wait for the venue."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from time import monotonic

from adapters.exchange.binance_wire import BinanceWire
from trading.errors import TradewindError
from trading.money import decimal
from trading.ports import Known, Unreachable

#: How often they are to be asked for.
EVERY_SECONDS = 0.2


def last_prices(wire: BinanceWire, symbols: Sequence[str]) -> Known[dict[str, Decimal]] | Unreachable:
    """Ask once for the last prices of all `symbols`, quote per base."""
    try:
        names = {wire.market_id(symbol): symbol for symbol in symbols}
        found = {names[row["symbol"]]: decimal(row["price"]) for row in wire.prices() if row["symbol"] in names}
    except (TradewindError, KeyError, TypeError) as error:
        return Unreachable(f"{type(error).__name__}: {error}")
    return Known(found)


class Quotes:
    """The last price of each symbol, asked for by `fetch`; one older than `most_seconds` is none."""

    def __init__(self, fetch: Callable[[], Known[dict[str, Decimal]] | Unreachable], most_seconds: float = 2.0) -> None:
        self._fetch = fetch
        self._most_seconds = most_seconds
        self._prices: Mapping[str, Decimal] = {}
        self._asked_on = -most_seconds
        self._why = "not asked yet"

    def last(self, symbol: str) -> Known[Decimal] | Unreachable:
        """Return the last price of `symbol`, quote per base; Unreachable when there is no fresh one."""
        age = monotonic() - self._asked_on
        price = self._prices.get(symbol)
        if price is None or age > self._most_seconds:
            return Unreachable(f"no price of {symbol} within {self._most_seconds:g} s: {self._why}")
        return Known(price)

    def look(self) -> None:
        """Ask once; the prices before stay, and grow old, when no answer comes."""
        began = monotonic()
        answer = self._fetch()
        if isinstance(answer, Known):
            self._prices, self._asked_on, self._why = answer.value, began, "the venue did not name it"
        else:
            self._why = answer.why
