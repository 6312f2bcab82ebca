"""A whole venue without a network: accounts, books of many symbols and one clock, a pure function of the calls made.

The same calls in the same order give the same orders, fills and balances: so a venue is rebuilt after a crash.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Protocol

from trading.errors import Denied
from trading.instrument import Instrument
from trading.money import ONE, multiply
from trading.simulation.filters import Ticket, check, working_order
from trading.simulation.funds import Funds, Trade
from trading.simulation.late import LateFills, Slices
from trading.simulation.matching import Book
from trading.simulation.path import TickBar
from trading.simulation.quiet import open_bars, pass_bars
from trading.simulation.steps import Steps
from trading.simulation.walk import Walk
from trading.simulation.working_order import Status, WorkingOrder

#: Stands for a symbol where what comes next is a fill that was matched before.
_LATE = "late"


class Bars(Protocol):
    """Where the market comes from."""

    def bar(self, symbol: str, opened: int) -> TickBar | None:
        """Return the bar of `symbol` that opens at `opened` ms, or None when nothing traded in that slot."""
        ...

    def last_before(self, symbol: str, at: int) -> TickBar | None:
        """Return the last bar of `symbol` that opened before `at` ms, or None."""
        ...


class Exchange(Steps):
    """The venue: `orders` (by id) and `trades` are all that ever were, oldest first.

    `latest` is the newest order by account, symbol and client id. `instruments` are the grid that the venue counts in,
    `rules` the instruments as they are shown and checked now.
    """

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
        self.rules = dict(self.instruments)
        self.books = {symbol: Book(Walk(half_spread_bps)) for symbol in self.instruments}
        self.funds = Funds(self.instruments, partial(_price, self.books, self.instruments))
        self.orders: dict[int, WorkingOrder] = {}
        self.latest: dict[tuple[str, str, str], WorkingOrder] = {}
        self.late = LateFills()
        self.trades: list[Trade] = []
        super().__init__(start)
        self._bars = bars
        self._length = length
        self._slot = start - start % length
        self._enter(start)

    def admit(self, account: str, balances: Mapping[str, Decimal]) -> None:
        """Open `account` with free `balances` by currency."""
        self.funds.admit(account, balances)

    def place(self, ticket: Ticket, slices: Slices | None = None) -> tuple[WorkingOrder, list[Trade]]:
        """Accept `ticket` and return the order with its immediate fills; with `slices` they are booked later.

        Raises:
            Denied: MARKET_CLOSED, LOT_SIZE, PRICE_FILTER, NOTIONAL, DUPLICATE, INSUFFICIENT_BALANCE or
                STOP_WOULD_TRIGGER.
        """
        book, grid = self.books[ticket.symbol], self.instruments[ticket.symbol]
        check(ticket, self.rules[ticket.symbol], _price(self.books, self.instruments, grid.base, grid.quote))
        order = working_order(ticket, grid, len(self.orders) + 1, self.now)
        same = (self.latest.get((order.account, symbol, order.client_id)) for symbol in self.books)
        if any(other is not None and other.open for other in same):
            raise Denied("DUPLICATE", order.client_id)
        self.funds.require(order, book.cost(order))
        executions = [] if slices and self.late.take(book, order, slices) else book.place(order)
        self.orders[order.order_id] = order
        self.latest[order.account, order.symbol, order.client_id] = order
        trades = [self.funds.settle(execution) for execution in executions]
        self.trades += trades
        self.funds.hold(order)
        return order, trades

    def cancel(self, order: WorkingOrder) -> None:
        """Cancel an open `order`; Denied UNKNOWN_ORDER when it is not open."""
        if not order.open:
            raise Denied("UNKNOWN_ORDER", f"order {order.order_id} is {order.status}")
        self.books[order.symbol].end(order, Status.CANCELED, self.now)
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
        books = self.books.values()
        while (end := self._slot + self._length) <= to and self.late.due is None and pass_bars(books):
            self.reach(end)
            self._enter_slot(end)
            if open_bars(books) and end == to:
                return []
        while (event := self._next_event(to)) is not None:
            at, symbol = event
            self.reach(at)
            if symbol is None:
                self._enter_slot(at)
                continue
            trades = self._step(symbol)
            if trades:
                self.stops += 1
                return trades
        self.reach(to)
        return []

    def settled(self, to: int) -> bool:
        """Whether the clock has reached `to` ms and nothing is left to walk up to there."""
        return self.now >= to and self._next_event(to) is None

    def _step(self, symbol: str) -> list[Trade]:
        books = self.books.values() if symbol == _LATE else [self.books[symbol]]
        stood = [order for book in books for order in book.resting.values()]
        executions = self.late.book(self.books) if symbol == _LATE else self.books[symbol].step()
        trades = [self.funds.settle(execution) for execution in executions]
        for order in stood:
            self.funds.hold(order)
        self.trades += trades
        return trades

    def _next_event(self, to: int) -> tuple[int, str | None] | None:
        """Return what comes first up to `to`: (time, symbol) of a corner or _LATE, or (time, None) of the next slot."""
        at, symbol = self._slot + self._length, None
        for name, book in self.books.items():
            corner = book.walk.course.corner
            if corner is not None and corner.at < at:
                at, symbol = corner.at, name
        if self.late.due is not None and self.late.due <= at:
            at, symbol = self.late.due, _LATE
        return (at, symbol) if at <= to else None

    def _enter(self, start: int) -> None:
        """Begin at `start`: the past is followed without orders, the bar of now is walked as far as it has come."""
        for symbol, book in self.books.items():
            past = self._bars.last_before(symbol, self._slot)
            if past is not None:
                book.walk.follow(past)
            book.walk.open_bar(self._bars.bar(symbol, self._slot), self._length)
            while (corner := book.walk.course.corner) is not None and corner.at <= start:
                book.step()

    def _enter_slot(self, at: int) -> None:
        self._slot = at
        for symbol, book in self.books.items():
            book.walk.open_bar(self._bars.bar(symbol, at), self._length)


def _price(books: Mapping[str, Book], instruments: Mapping[str, Instrument], coin: str, quote: str) -> Decimal | None:
    """Return the last price of `coin` in `quote`, 1 for the quote itself; None without a market or before its bars."""
    if coin == quote:
        return ONE
    for symbol, instrument in instruments.items():
        price = books[symbol].walk.price
        if (instrument.base, instrument.quote) == (coin, quote) and price is not None:
            return multiply(Decimal(price), instrument.tick)
    return None
