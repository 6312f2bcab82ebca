"""Hops: an order from state to state: to the wire, to the venue's answer, and to whatever follows from it."""

from collections import deque
from collections.abc import Sequence
from time import monotonic

import structlog

from services.execution import booking, dispatch
from services.execution.desk import Desk
from services.execution.recovery import Recovery
from trading.errors import BadData
from trading.execution import protocol
from trading.order import Order, OrderState

_log = structlog.get_logger()


class Hops:
    """The work on single orders of one lane."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.recovery = Recovery(desk)
        #: Since when attempts after the first wait, by client id, monotonic seconds.
        self._waiting: dict[str, float] = {}

    def step(self, order: Order) -> None:
        """Bring an order that is not settled with the venue one hop on."""
        since = monotonic()
        if order.state is OrderState.INTENT:
            if self._paused(order, since):
                return
            self.act(dispatch.ready(self._desk, order), since)
        elif order.state is OrderState.PENDING_CANCEL:
            self.act([order], since)
        else:
            self.ask(order)

    def _paused(self, order: Order, at: float) -> bool:
        """Return True while the fault that ended the attempt before this one is given time to pass."""
        if order.attempt == 1 or at - self._waiting.setdefault(order.client_id, at) >= protocol.pause(order.attempt):
            self._waiting.pop(order.client_id, None)
            return False
        return True

    def ask(self, order: Order) -> bool:
        """Ask the venue what has become of `order`; True when something has."""
        since = monotonic()
        try:
            acting = self.recovery.resolve(order)
        except BadData as error:
            self._halt(order, error)
            return False
        self.act(acting or (), since)
        return acting is not None

    def act(self, acting: Sequence[Order], since: float) -> None:
        """Send what is SENDING and cancel what is PENDING_CANCEL, and so on with what follows from the answers."""
        line = deque((order, since) for order in acting)
        while line:
            order, began = line.popleft()
            try:
                if order.state is OrderState.SENDING:
                    answer = dispatch.transmit(self._desk, order, began)
                    began = monotonic()
                    following = dispatch.take_answer(self._desk, order, answer)
                else:
                    following = dispatch.cancel(self._desk, order)
                    began = monotonic()
                    if following is None:
                        following = self.recovery.resolve(order) or ()
            except BadData as error:
                self._halt(order, error)
                continue
            line.extend((each, began) for each in following)

    def _halt(self, order: Order, error: BadData) -> None:
        """Stop the symbol of an order of which the venue says what cannot be; the others go on."""
        reason = f"order {order.client_id}: {error}"
        _log.error("symbol_halted", symbol=order.request.symbol, reason=reason)
        now = self._desk.clock.now()
        with self._desk.transaction() as connection:
            booking.halt(connection, self._desk, order.request.symbol, reason, now)
