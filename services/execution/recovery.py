"""Recovery, which is also the normal start: what an order without an answer has become is asked, never assumed."""

from collections import Counter
from datetime import timedelta

from adapters.store import audit, fills, orders
from services.execution import booking
from services.execution.desk import Desk
from services.execution.dispatch import retry
from trading.errors import Unknown
from trading.fill import Fill
from trading.order import Order, OrderState
from trading.ports import Unreachable, VenueOrder

#: Negative answers needed after the deadline: time is the proof, these only confirm it.
_CONFIRMATIONS = 2


class Recovery:
    """Asks the venue about orders and trades, and books what it says."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._negative: Counter[str] = Counter()

    def resolve(self, order: Order) -> bool:
        """Bring one living order that was sent to what the venue has; True when something changed."""
        desk = self._desk
        answer = desk.venue.order(order.request.symbol, order.client_id)
        if isinstance(answer, Unreachable):
            return False
        if answer.value is None:
            return self._absent(order)
        self._negative.pop(order.client_id, None)
        seen = answer.value
        if seen.filled == order.filled and (seen.state is order.state or self._waits_for_cancel(order, seen)):
            return False
        return self._adopt(order, seen)

    @staticmethod
    def _waits_for_cancel(order: Order, seen: VenueOrder) -> bool:
        return order.state is OrderState.PENDING_CANCEL and not seen.state.terminal

    def _adopt(self, order: Order, seen: VenueOrder) -> bool:
        reported: list[Fill] = []
        if seen.filled > order.filled:
            trades = self._trades(order.request.symbol)
            if trades is None:
                return False
            reported = [trade for trade in trades if trade.venue_order_id == seen.venue_order_id]
        try:
            return booking.settle(self._desk, order, seen, reported)
        except Unknown:
            return False

    def _absent(self, order: Order) -> bool:
        desk = self._desk
        if order.sent_at is None or order.state not in (OrderState.SENDING, OrderState.UNKNOWN):
            return False
        if order.venue_order_id is not None:
            # The venue has accepted it, so it exists, whatever is not visible yet.
            return False
        wait = timedelta(milliseconds=(order.recv_window_ms or 0) + desk.absence_margin_ms)
        if desk.clock.now() <= order.sent_at + wait:
            self._negative.pop(order.client_id, None)
            return False
        self._negative[order.client_id] += 1
        if self._negative[order.client_id] <= _CONFIRMATIONS:
            return False
        if self.sweep(order.request.symbol) != []:
            return False
        detail = f"not found {self._negative.pop(order.client_id)} times after its deadline"
        with desk.transaction() as connection:
            retry(connection, desk, order, OrderState.ABSENT, "absent", detail)
        return True

    def sweep(self, symbol: str) -> list[Fill] | None:
        """Book every new trade of `symbol` that belongs to an order of ours; return the others, None when unasked."""
        trades = self._trades(symbol)
        if not trades:
            return trades
        desk, now = self._desk, self._desk.clock.now()
        with desk.transaction() as connection:
            ours = orders.find(connection, desk.book, symbol, [trade.venue_order_id for trade in trades])
            for venue_id, order in ours.items():
                mine = [trade for trade in trades if trade.venue_order_id == venue_id]
                if booking.book(connection, desk, order, mine, now) and order.state.terminal:
                    booking.release(connection, desk, order, now)
                    audit.record(connection, now, "execution", "late_fill", order.client_id, {"trades": len(mine)})
            foreign = [trade for trade in trades if trade.venue_order_id not in ours]
            if not foreign:
                fills.set_watermark(connection, desk.book, symbol, trades[-1].trade_id)
        return foreign

    def _trades(self, symbol: str) -> list[Fill] | None:
        with self._desk.database.transaction() as connection:
            since = fills.watermark(connection, self._desk.book, symbol)
        answer = self._desk.venue.fills(symbol, since)
        return None if isinstance(answer, Unreachable) else answer.value
