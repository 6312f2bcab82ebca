"""One account at a Binance-shaped exchange, through ccxt: orders are sent once, reads say when they do not know."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TypeVar

import stamina

from adapters.exchange import binance_shapes as shapes
from adapters.exchange.binance_wire import BinanceWire, rows, table
from adapters.exchange.ccxt_client import Credentials, Transient, call, connect
from adapters.exchange.ccxt_markets import instrument_of
from adapters.exchange.outcome import classify
from adapters.exchange.passage import Gate, Passage, guard
from adapters.exchange.pause import Pause
from trading.errors import TradewindError
from trading.fill import Fill
from trading.instrument import Instrument
from trading.money import decimal
from trading.order import Order
from trading.ports import Clock, Known, Outcome, Unreachable, VenueOrder, Verdict

T = TypeVar("T")

_PAGE = 1000
_NO_SUCH_ORDER = (400, -2013)
#: A read is tried again while that is quick: a lane that waits for one symbol holds up the exits of others.
_ATTEMPTS, _SECONDS = 3, 1.0


class CcxtVenue:
    """Implements `trading.ports.Venue`; only for venues with client ids, query by client id and a signed time fence."""

    def __init__(
        self,
        exchange_id: str,
        credentials: Credentials,
        clock: Clock,
        *,
        venue: str,
        account: str,
        rest_url: str | None = None,
        timeout: float = 10.0,
        rate_limit: bool = True,
        pause: Pause | None = None,
        passage: Passage | None = None,
    ) -> None:
        """Prepare the connection; nothing is sent yet.

        `clock` is the venue's time, `venue` our label of it, `timeout` in seconds; `rest_url` replaces its address;
        `pause` is shared by all connections that use the same key; `passage` hears of every request.
        """
        self.venue = venue
        self.account = account
        self._exchange = connect(exchange_id, credentials, rest_url, timeout=timeout, rate_limit=rate_limit)
        if passage is not None:
            guard(self._exchange, passage, Gate())
        self._wire = BinanceWire(self._exchange, clock, pause)

    def instruments(self, symbols: Sequence[str]) -> Known[list[Instrument]] | Unreachable:
        """Return the instruments of `symbols` with the fees of this account."""

        def read() -> list[Instrument]:
            markets = call(self._exchange, "load_markets", True)
            found = [instrument_of(self.venue, symbol, markets) for symbol in symbols]
            return [shapes.with_fees(one, _commission(self._wire, one.symbol)) for one in found]

        return _known(read)

    def send(self, order: Order) -> Outcome:
        """Send `order` once, signed with its `sent_at` and `recv_window_ms`; never retries."""
        try:
            parameters = shapes.order_parameters(order, self._wire.market_id(order.request.symbol))
            answer = self._wire.post_order(parameters)
        except TradewindError as error:
            return _not_sent(error)
        outcome = classify(answer, order.client_id, echo="clientOrderId")
        if outcome.verdict is not Verdict.ACCEPTED:
            return outcome
        return replace(outcome, fills=shapes.fills_of_answer(self.venue, order, answer.body))

    def cancel(self, order: Order) -> Outcome:
        """Ask once for the cancellation of `order` by client id; never retries."""
        try:
            market = self._wire.market_id(order.request.symbol)
            answer = self._wire.signed("private_delete_order", {"symbol": market, "origClientOrderId": order.client_id})
        except TradewindError as error:
            return _not_sent(error)
        return classify(answer, order.client_id, echo="origClientOrderId")

    def order(self, symbol: str, client_id: str) -> Known[VenueOrder | None] | Unreachable:
        """Return the order with `client_id`, or Known(None) only when the venue says that there is none."""

        def read() -> VenueOrder | None:
            parameters = {"symbol": self._wire.market_id(symbol), "origClientOrderId": client_id}
            answer = self._wire.signed("private_get_order", parameters)
            if (answer.status, answer.code) == _NO_SUCH_ORDER:
                return None
            return shapes.venue_order(table(answer), symbol, client_id)

        return _known(read)

    def open_orders(self, symbol: str) -> Known[list[VenueOrder]] | Unreachable:
        """Return the open orders of `symbol`."""

        def read() -> list[VenueOrder]:
            answer = self._wire.signed("private_get_openorders", {"symbol": self._wire.market_id(symbol)})
            return [shapes.venue_order(row, symbol) for row in rows(answer)]

        return _known(read)

    def fills(self, symbol: str, since_trade_id: str | None) -> Known[list[Fill]] | Unreachable:
        """Return the account's trades of `symbol` after `since_trade_id`, oldest first; their client ids are empty."""

        def read() -> list[Fill]:
            market = self._wire.market_id(symbol)
            first = 0 if since_trade_id is None else int(since_trade_id) + 1
            fills: list[Fill] = []
            while True:
                parameters = {"symbol": market, "fromId": first, "limit": _PAGE}
                page = rows(self._wire.signed("private_get_mytrades", parameters))
                fills += [shapes.fill(self.venue, symbol, row) for row in page]
                if len(page) < _PAGE:
                    return fills
                first = int(page[-1]["id"]) + 1

        return _known(read)

    def balances(self) -> Known[dict[str, Decimal]] | Unreachable:
        """Return total balances (free and locked together) by currency, without zeros."""

        def read() -> dict[str, Decimal]:
            account = table(self._wire.signed("private_get_account", {"omitZeroBalances": "true"}))
            totals = {row["asset"]: decimal(row["free"]) + decimal(row["locked"]) for row in account["balances"]}
            return {currency: total for currency, total in totals.items() if total}

        return _known(read)

    def last_price(self, symbol: str) -> Known[Decimal] | Unreachable:
        """Return the last traded price of `symbol`, quote per base."""
        return _known(lambda: decimal(self._wire.price(symbol)["price"]))

    def waits(self) -> bool:
        """Return whether the venue has asked to be left alone for a while."""
        return self._wire.pause.lasts()

    def close(self) -> None:
        """Close the connections."""
        self._exchange.session.close()


def _commission(wire: BinanceWire, symbol: str) -> dict[str, str]:
    parameters = {"symbol": wire.market_id(symbol)}
    return table(wire.signed("private_get_account_commission", parameters))["standardCommission"]


def _known(read: Callable[[], T]) -> Known[T] | Unreachable:
    """Return what `read` found, or why nothing may be concluded; what fails in passing is read again, twice at most."""
    try:
        for attempt in stamina.retry_context(
            on=Transient, attempts=_ATTEMPTS, timeout=_SECONDS, wait_initial=0.05, wait_max=0.3, wait_jitter=0.1
        ):
            with attempt:
                return Known(read())
        raise AssertionError("the last attempt returns or raises")
    except (TradewindError, KeyError, TypeError, ValueError) as error:
        return Unreachable(f"{type(error).__name__}: {error}")


def _not_sent(error: TradewindError) -> Outcome:
    """Return the outcome of a request that failed before it reached the wire."""
    return Outcome(Verdict.REFUSED, code="NOT_SENT", detail=str(error))
