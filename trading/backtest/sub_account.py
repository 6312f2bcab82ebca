"""A sub-account of a backtest: what it owns and has working, told as execution reads it from its database."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from trading.account import Account
from trading.accounting import journal
from trading.accounting.journal import Journal
from trading.backtest.legs import Legs
from trading.backtest.purse import Purse
from trading.decide import Decision
from trading.fill import Fill
from trading.instrument import Instrument
from trading.money import ZERO
from trading.order import Leg, Order, OrderRequest, OrderState
from trading.signal import Signal
from trading.simulation.working_order import WorkingOrder


@dataclass(eq=False)
class Ticketed:
    """One order of ours and what belongs to it: its reservation, the venue's side of it, fills not booked yet."""

    order: Order
    at: datetime
    reason: str
    code: str = ""
    held: Decimal = ZERO
    journals: int = 0
    venue: WorkingOrder | None = None
    unbooked: list[Fill] = field(default_factory=list)


@dataclass(frozen=True)
class Standing:
    """A sub-account in floats, quote and base: what it owns, its `peak`, the stop that it has `kept`, and the `tick`.

    `busy` when its orders are not just one stop for all that it holds; `protected` when they are, `dust` when it holds
    too little to be sold.
    """

    cash: float
    holding: float
    peak: float
    busy: bool
    protected: bool
    dust: bool
    kept: float
    tick: float


class SubAccount:
    """One (strategy, symbol): `signal` is the one in force, `number` that of the next decision about it.

    `orders` are all that were ever placed, `working` those of them that are not terminal; both oldest first. A stop
    filled last at `stopped_at` and an ask at `taken_at`; `left_at` is when a decision last wanted nothing held.
    """

    def __init__(self, book: str, strategy: str, instrument: Instrument, share: Decimal, cash_buffer: Decimal) -> None:
        """Open it with `share` of the capital, in the quote currency."""
        self.book = book
        self.strategy = strategy
        self.instrument = instrument
        self.number = 1
        self.orders: list[Ticketed] = []
        self.working: list[Ticketed] = []
        self.peak = share
        self.purse = Purse(instrument)
        self.stopped_at: datetime | None = None
        self.taken_at: datetime | None = None
        self._signal: Callable[[], Signal] | None = None
        self._made: Signal | None = None
        self._standing: Standing | None = None
        self._cash_buffer = cash_buffer
        self._refused: list[Leg] = []
        self._stop: Ticketed | None = None
        self._legs = Legs()
        self.left_at: datetime | None = None
        self.purse.post(journal.deposit(book, strategy, instrument.symbol, instrument.quote, share))

    def account(self, closed_by: str) -> Account:
        """Return what a decision sees; `closed_by` is what closes the way to new risk, empty when nothing does."""
        return Account(
            self.book,
            self.strategy,
            self.instrument.symbol,
            *self.purse.cash,
            *self.purse.position,
            self.peak,
            entry_gate_open=not closed_by,
            gate_reason=closed_by,
            stopped_at=self.stopped_at,
            stop_floor=self._stop_floor(),
            refused=len(self._refused),
            stops_refused=self._refused.count(Leg.STOP),
            taken_at=_since(self.taken_at, self.signal),
            legs=self._legs.number,
            leg_price=self._legs.price,
            working=tuple(one.order for one in sorted(self.working, key=_age)),
        )

    @property
    def signal(self) -> Signal | None:
        """The signal in force."""
        if self._made is None and self._signal is not None:
            self._made = self._signal()
        return self._made

    @property
    def standing(self) -> Standing:
        """Where it stands now, computed again only when something has moved."""
        if self._standing is None:
            self._standing = _standing(self)
        return self._standing

    def take(self, signal: Callable[[], Signal], number: int = 1) -> None:
        """Let the one that `signal` gives be in force, with decision `number` about it to come."""
        self._signal, self._made, self.number = signal, None, number
        if self._refused:
            self._refused = []

    def rise(self, equity: Decimal) -> None:
        """Remember `equity` when it is the highest yet."""
        if equity > self.peak:
            self.peak = equity
            self._standing = None

    def follow(self, decision: Decision, at: datetime) -> list[Ticketed]:
        """Take over a decision that counts, and return the orders that are to be sent or cancelled because of it."""
        self.number += 1
        if decision.target == ZERO:
            self.left_at = at
            self._legs.forget(at)
        acting = [self._place(request, at, decision.reason) for request in decision.requests]
        gone = {order.client_id for order in decision.cancels}
        for made in oldest_first(self.working):
            if made.order.client_id in gone:
                self.move(made, OrderState.PENDING_CANCEL)
                acting.append(made)
        return acting

    def _place(self, request: OrderRequest, at: datetime, reason: str) -> Ticketed:
        """Add the order that `request` asks for, about to be sent, with what it may need reserved."""
        client_id = request.key.client_id(request.book, 1)
        made = Ticketed(Order(request, client_id, OrderState.SENDING, 1, 1, at), at, reason)
        self.orders.append(made)
        self.working.append(made)
        self._standing = None
        _enter(self.purse, journal.reserve(request, client_id, self.instrument, self._cash_buffer), made)
        return made

    def settle(self, made: Ticketed) -> Decimal:
        """Book the fills of an order that are not booked yet and return their quantity in base."""
        self._standing = None
        fills, made.unbooked = made.unbooked, []
        if fills and not made.order.filled and made.order.request.key.leg is Leg.ENTRY:
            self._legs.add(made.at, made.order)
        for fill in fills:
            _enter(self.purse, journal.fill(self.book, fill, self.instrument), made)
            if made.order.request.key.leg is Leg.STOP:
                self.stopped_at = max(self.stopped_at or fill.ts, fill.ts)
            if made.order.request.key.leg is Leg.ASK:
                self.taken_at = max(self.taken_at or fill.ts, fill.ts)
        self._legs.forget(self.left_at, self.stopped_at)
        quantity = sum((fill.quantity for fill in fills), ZERO)
        made.order = replace(made.order, filled=made.order.filled + quantity)
        return quantity

    def move(self, made: Ticketed, after: OrderState, code: str = "") -> None:
        """Take an order to the state `after`; a terminal one gives back what it still has reserved."""
        self._standing = None
        order = made.order = replace(made.order, state=after)
        if not after.terminal:
            if order.request.key.leg is Leg.STOP and _newer(made, self._stop):
                self._stop = made
            return
        self.working.remove(made)
        made.code = code
        refused = after is OrderState.REJECTED or (after is OrderState.EXPIRED and not order.filled)
        signal = self.signal
        if refused and signal is not None and order.request.key.signal_id == signal.signal_id:
            self._refused.append(order.request.key.leg)
        if after is not OrderState.REJECTED and order.request.key.leg is Leg.STOP and _newer(made, self._stop):
            self._stop = made
        if made.held:
            side, client_id = order.request.side, order.client_id
            _enter(self.purse, journal.release(side, client_id, made.journals, self.instrument, made.held), made)

    def _stop_floor(self) -> Decimal | None:
        """Return the level of the newest stop while the position that it protects lives."""
        stop = self._stop
        if stop is None or stop.order.filled or (self.left_at is not None and self.left_at >= stop.at):
            return None
        return stop.order.request.stop


def _since(taken: datetime | None, signal: Signal | None) -> datetime | None:
    """Return when an ask last filled, if it was under the signal in force."""
    return taken if taken is not None and signal is not None and taken >= signal.decided_at else None


def _enter(purse: Purse, entry: Journal, made: Ticketed) -> None:
    made.held += purse.post(entry)
    made.journals += 1


def _standing(sub: SubAccount) -> Standing:
    base, quote = sub.purse.owned
    stops = [made.order for made in sub.working if made.order.request.key.leg is Leg.STOP]
    whole = sub.instrument.quantity(base)
    protected = len(stops) == 1 and stops[0].request.stop is not None and stops[0].remaining == whole
    settled = all(made.order.state is OrderState.ACKED for made in sub.working)
    return Standing(
        float(quote),
        float(base),
        float(sub.peak),
        busy=not settled or len(sub.working) != int(protected),
        protected=protected,
        dust=whole < sub.instrument.min_quantity,
        kept=float(stops[0].request.stop or 0) if protected else 0.0,
        tick=float(sub.instrument.tick),
    )


def oldest_first(made: Iterable[Ticketed]) -> list[Ticketed]:
    """Return orders in the order in which execution looks at them."""
    return sorted(made, key=_age)


def _age(made: Ticketed) -> tuple[datetime, str]:
    return made.at, made.order.client_id


def _newer(made: Ticketed, other: Ticketed | None) -> bool:
    """Whether of two stops that the venue took `made` is the newer one; of one moment, a market order or the higher."""
    if other is None:
        return True
    return _rank(made) >= _rank(other)


def _rank(made: Ticketed) -> tuple[datetime, bool, Decimal]:
    stop = made.order.request.stop
    return made.at, stop is None, ZERO if stop is None else stop
