"""The way of a backtest's orders to the venue in this very process: tickets out, what the venue says of them back."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from trading.backtest.sub_account import SubAccount, Ticketed
from trading.fill import Fill
from trading.money import multiply
from trading.order import OrderState
from trading.ports import VenueOrder
from trading.simulation.exchange import Exchange
from trading.simulation.filters import Ticket
from trading.simulation.funds import Trade
from trading.simulation.working_order import Status
from trading.timeframe import moment_of

_STATES = {
    Status.NEW: OrderState.ACKED,
    Status.PARTIALLY_FILLED: OrderState.PARTIAL,
    Status.FILLED: OrderState.FILLED,
    Status.CANCELED: OrderState.CANCELED,
    Status.EXPIRED: OrderState.EXPIRED,
}


class Wire:
    """What the trader knows of the `exchange`, which is called `venue`; the account there is called as the book."""

    def __init__(self, exchange: Exchange, venue: str) -> None:
        self._exchange = exchange
        self._venue = venue
        self._sent: dict[int, Ticketed] = {}

    @property
    def now(self) -> datetime:
        """The time of the venue."""
        return self._exchange.moment

    def price(self, symbol: str) -> Decimal | None:
        """Return the last price of `symbol`, quote per base; None before its first bar."""
        price = self._exchange.books[symbol].walk.price
        return None if price is None else multiply(Decimal(price), self._exchange.instruments[symbol].tick)

    def send(self, sub: SubAccount, made: Ticketed) -> None:
        """Place the order; what fills at once is among its unbooked fills. Denied when the venue refuses it."""
        wanted = made.order.request
        made.venue, trades = self._exchange.place(
            Ticket(
                sub.book,
                wanted.symbol,
                made.order.client_id,
                wanted.side,
                wanted.type,
                wanted.quantity,
                limit=wanted.limit,
                stop=wanted.stop,
            )
        )
        self._sent[made.venue.order_id] = made
        self.hear(trades)

    def cancel(self, made: Ticketed) -> None:
        """Cancel the order, if it is still open."""
        if made.venue is not None and made.venue.open:
            self._exchange.cancel(made.venue)

    def hear(self, trades: Sequence[Trade]) -> None:
        """Give each of `trades` to its order, to be booked."""
        for trade in trades:
            self._sent[trade.order_id].unbooked.append(self._fill(trade))

    def seen(self, made: Ticketed) -> VenueOrder | None:
        """Return an order as the venue has it now; None when it never came there."""
        venue = made.venue
        if venue is None:
            return None
        filled = multiply(Decimal(venue.filled), self._exchange.instruments[venue.symbol].lot)
        return VenueOrder(str(venue.order_id), venue.client_id, venue.symbol, _STATES[venue.status], filled)

    def stirred(self, made: Ticketed) -> bool:
        """Whether anything has happened to an order at the venue that is not booked here."""
        return bool(made.unbooked) or (made.venue is not None and _STATES[made.venue.status] is not made.order.state)

    def placed(self, fill: Fill) -> Ticketed:
        """Return the order of a fill."""
        return self._sent[int(fill.venue_order_id)]

    def _fill(self, trade: Trade) -> Fill:
        return Fill(
            self._venue,
            trade.symbol,
            str(trade.trade_id),
            str(trade.order_id),
            trade.client_id,
            trade.side,
            trade.price,
            trade.quantity,
            trade.fee,
            trade.fee_currency,
            moment_of(trade.at),
        )
