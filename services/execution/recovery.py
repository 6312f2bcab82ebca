"""Recovery, which is also the normal start: what an order without an answer has become is asked, never assumed."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress

from adapters.store import audit, fills, foreign, orders
from services.execution import booking, dispatch
from services.execution.crash_points import crash_point
from services.execution.desk import Desk
from trading.errors import Unknown
from trading.execution import protocol
from trading.fill import Fill
from trading.order import Order, OrderState
from trading.ports import Unreachable, VenueOrder


class Recovery:
    """Asks the venue about orders and trades, and books what it says."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._negative: Counter[str] = Counter()

    def resolve(self, order: Order) -> Sequence[Order] | None:
        """Bring one living order that was sent to what the venue has.

        Returns the orders to act on next, None when nothing has changed.
        """
        answer = self._desk.venue.order(order.request.symbol, order.client_id)
        crash_point("query_answered")
        if isinstance(answer, Unreachable):
            return None
        if answer.value is None:
            return self._absent(order)
        self._negative.pop(order.client_id, None)
        return self._adopt(order, answer.value) if protocol.news(order, answer.value) else None

    def _adopt(self, order: Order, seen: VenueOrder) -> Sequence[Order] | None:
        if seen.filled == order.filled:
            return booking.settle(self._desk, order, seen)
        # A trade that one answer left out lies behind the watermark for ever: what is still missing is looked for from
        # the beginning.
        for everything in (False, True):
            trades = self._trades(order.request.symbol, everything=everything)
            if trades is None:
                return None
            reported = [trade for trade in trades if trade.venue_order_id == seen.venue_order_id]
            with suppress(Unknown):
                return booking.settle(self._desk, order, seen, reported)
        return None

    def _absent(self, order: Order) -> Sequence[Order] | None:
        desk = self._desk
        begins = protocol.absence_begins(order, desk.absence_margin_ms)
        if begins is None:
            return None
        if desk.clock.now() <= begins:
            self._negative.pop(order.client_id, None)
            return None
        self._negative[order.client_id] += 1
        if self._negative[order.client_id] <= protocol.CONFIRMATIONS:
            return None
        strangers = self.sweep(order.request.symbol)
        if strangers is None or any(protocol.may_belong(order, trade) for trade in strangers):
            return None
        detail = f"not found {self._negative.pop(order.client_id)} times after its deadline"
        now = desk.clock.now()
        with desk.transaction() as connection:
            dispatch.end(connection, desk, order, OrderState.ABSENT, "absent", detail, now)
            crash_point("absence_written")
        crash_point("absence_committed")
        return ()

    def sweep(self, symbol: str) -> list[Fill] | None:
        """Book every new trade of `symbol` that belongs to an order of ours that has ended, and return strangers' ones.

        None when that cannot be told: the venue does not answer, or an order that lives has traded and is to be asked
        about first. Its trades are booked with its answer, one order after the other: what is decided must not hang
        on whether this look or that question came first.
        """
        trades = self._trades(symbol)
        if not trades:
            return trades
        desk, now = self._desk, self._desk.clock.now()
        with desk.transaction() as connection:
            former = fills.recorded(connection, desk.book, trades)
            new = [trade for trade in trades if trade not in former]
            ours = orders.find(connection, desk.book, symbol, [trade.venue_order_id for trade in new])
            ended = {venue_id: order for venue_id, order in ours.items() if order.state.terminal}
            for venue_id, order in ended.items():
                mine = [trade for trade in new if trade.venue_order_id == venue_id]
                if booking.book(connection, desk, order, mine, now).quantity:
                    booking.remember(connection, desk, order, "fill", now)
                    booking.release(connection, desk, order, now)
                    audit.record(connection, now, "execution", "late_fill", order.client_id, {"trades": len(mine)})
            strangers = [trade for trade in new if trade.venue_order_id not in ours]
            if strangers:
                known = foreign.known_trades(connection, desk.book, symbol)
                strangers = [trade for trade in strangers if trade.trade_id not in known]
            told = len(ended) == len(ours)
            if told and not strangers:
                fills.set_watermark(connection, desk.book, symbol, trades[-1].trade_id)
            crash_point("sweep_written")
        return strangers if told else None

    def _trades(self, symbol: str, *, everything: bool = False) -> list[Fill] | None:
        since = None
        if not everything:
            with self._desk.database.transaction() as connection:
                since = fills.watermark(connection, self._desk.book, symbol)
        answer = self._desk.venue.fills(symbol, since)
        return None if isinstance(answer, Unreachable) else answer.value
