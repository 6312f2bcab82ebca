"""A whole venue without a network: accounts, books of many symbols and one clock, a pure function of the calls made.

The same calls in the same order give the same orders, fills and balances: so a venue is rebuilt after a crash.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Protocol

from trading.errors import Denied
from trading.instrument import Instrument
from trading.simulation.filters import Ticket, working_order
from trading.simulation.funds import Funds, Trade
from trading.simulation.matching import Book
from trading.simulation.path import TickBar
from trading.simulation.walk import Walk
from trading.simulation.working_order import WorkingOrder


class Bars(Protocol):
    """Where the market comes from."""

    def bar(self, symbol: str, opened: int) -> TickBar | None:
        """Return the bar of `symbol` that opens at `opened` ms, or None when nothing traded in that slot."""
        ...

    def last_before(self, symbol: str, at: int) -> TickBar | None:
        """Return the last bar of `symbol` that opened before `at` ms, or None."""
        ...


class Exchange:
    """The venue: `now` is its clock in ms, `orders` (by id) and `trades` all that ever were, oldest first."""

    def __init__(
        self,
        *,
        instruments: Sequence[Instrument],
        bars: Bars,
        length: int,
        start: int,
        half_spread_bps: Decimal,
    ) -> None:
        """Open the venue at `start` ms without accounts; bars last `length` ms."""
        self.instruments = {instrument.symbol: instrument for instrument in instruments}
        self.funds = Funds(self.instruments)
        self.books = {symbol: Book(Walk(half_spread_bps)) for symbol in self.instruments}
        self.orders: dict[int, WorkingOrder] = {}
        self.trades: list[Trade] = []
        self.now = start
        self._bars = bars
        self._length = length
        self._slot = start - start % length
        self._enter(start)

    def admit(self, account: str, balances: Mapping[str, Decimal]) -> None:
        """Open `account` with free `balances` by currency."""
        self.funds.admit(account, balances)

    def place(self, ticket: Ticket) -> tuple[WorkingOrder, list[Trade]]:
        """Accept `ticket` and return the order with its immediate fills.

        Raises:
            Denied: LOT_SIZE, PRICE_FILTER, NOTIONAL, DUPLICATE, INSUFFICIENT_BALANCE or STOP_WOULD_TRIGGER.
        """
        book = self.books[ticket.symbol]
        order = working_order(ticket, self.instruments[ticket.symbol], len(self.orders) + 1, self.now, book.walk.price)
        if any(other.client_id == order.client_id for other in self.open_orders(ticket.account)):
            raise Denied("DUPLICATE", order.client_id)
        self.funds.require(order, book.cost(order))
        executions = book.place(order)
        self.orders[order.order_id] = order
        trades = [self.funds.settle(execution) for execution in executions]
        self.trades += trades
        self.funds.hold(order)
        return order, trades

    def cancel(self, order: WorkingOrder) -> None:
        """Cancel an open `order`; Denied UNKNOWN_ORDER when it is not open."""
        if not order.open:
            raise Denied("UNKNOWN_ORDER", f"order {order.order_id} is {order.status}")
        self.books[order.symbol].cancel(order, self.now)
        self.funds.hold(order)

    def open_orders(self, account: str, symbol: str | None = None) -> list[WorkingOrder]:
        """Return the open orders of `account`, of one symbol or of all, oldest first."""
        books = [self.books[symbol]] if symbol else self.books.values()
        resting = [order for book in books for order in book.resting.values() if order.account == account]
        return sorted(resting, key=lambda order: order.order_id)

    def advance(self, to: int) -> list[Trade]:
        """Walk all paths in time order up to `to` ms, stopping at the first instant that fills; return those fills.

        Call again with the same `to` to go on; `settled(to)` says when it is reached. A `to` in the past does nothing.
        """
        while (event := self._next_event(to)) is not None:
            at, symbol = event
            self.now = max(self.now, at)
            if symbol is None:
                self._enter_slot(at)
                continue
            trades = self._step(self.books[symbol])
            if trades:
                return trades
        self.now = max(self.now, to)
        return []

    def settled(self, to: int) -> bool:
        """Whether the clock has reached `to` ms and nothing is left to walk up to there."""
        return self.now >= to and self._next_event(to) is None

    def _step(self, book: Book) -> list[Trade]:
        stood = list(book.resting.values())
        trades = [self.funds.settle(execution) for execution in book.step()]
        for order in stood:
            self.funds.hold(order)
        self.trades += trades
        return trades

    def _next_event(self, to: int) -> tuple[int, str | None] | None:
        """Return what comes first up to `to`: (time, symbol) of a corner, or (time, None) of the next slot of bars."""
        at, symbol = self._slot + self._length, None
        for name, book in self.books.items():
            corner = book.walk.corner
            if corner is not None and corner.at < at:
                at, symbol = corner.at, name
        return (at, symbol) if at <= to else None

    def _enter(self, start: int) -> None:
        """Begin at `start`: the past is followed without orders, the bar of now is walked as far as it has come."""
        for symbol, book in self.books.items():
            past = self._bars.last_before(symbol, self._slot)
            if past is not None:
                book.walk.follow(past)
            book.walk.open_bar(self._bars.bar(symbol, self._slot), self._length)
            while (corner := book.walk.corner) is not None and corner.at <= start:
                book.step()

    def _enter_slot(self, at: int) -> None:
        self._slot = at
        for symbol, book in self.books.items():
            book.walk.open_bar(self._bars.bar(symbol, at), self._length)
