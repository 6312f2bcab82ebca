"""The store of a simulated world: what the tables of the database hold and refuse, in memory, copied on commit."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from trading.account import Account
from trading.accounting.journal import Journal
from trading.decide import Decision
from trading.errors import Interrupted
from trading.execution import lifecycle
from trading.execution.ladder import rests_until
from trading.fill import Fill
from trading.instrument import Instrument
from trading.money import ZERO
from trading.order import Leg, Order, OrderRequest, OrderState
from trading.signal import Signal

BOOK = "book"
Owner = tuple[str, str]
#: States after which another attempt of the same order may exist.
NEVER_LIVED = (OrderState.ABSENT, OrderState.REJECTED)


class Refused(AssertionError):
    """The database had to refuse what the rules asked for."""


@dataclass(frozen=True)
class Taken:
    """A row of the inbox."""

    signal: Signal
    status: str


@dataclass(frozen=True)
class Decided:
    """A row of the risk decisions."""

    decision: Decision
    owner: Owner
    at: datetime
    closed_by: str


@dataclass
class Store:
    """All tables as of the transaction of `moment` (ms); `sent` is when each SENDING was committed.

    An event is (client id, from, to, at); a trigger (number, strategy, symbol, reason).
    """

    epoch: int = 0
    moment: int = 0
    sent: dict[str, int] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)
    created: dict[str, datetime] = field(default_factory=dict)
    events: list[tuple[str, OrderState | None, OrderState, datetime]] = field(default_factory=list)
    inbox: dict[str, Taken] = field(default_factory=dict)
    decisions: dict[tuple[str, int], Decided] = field(default_factory=dict)
    offsets: dict[int, int] = field(default_factory=dict)
    dead: dict[tuple[int, int], str] = field(default_factory=dict)
    triggers: list[tuple[int, str, str, str]] = field(default_factory=list)
    triggered: int = 0
    journals: dict[str, Journal] = field(default_factory=dict)
    by_ref: dict[str, tuple[Journal, ...]] = field(default_factory=dict)
    balances: dict[tuple[str, str, str, str], Decimal] = field(default_factory=dict)
    fills: dict[tuple[str, str], Fill] = field(default_factory=dict)
    foreign: dict[tuple[str, str], Fill] = field(default_factory=dict)
    watermarks: dict[str, str] = field(default_factory=dict)
    symbols: dict[str, str] = field(default_factory=dict)
    halts: dict[str, str] = field(default_factory=dict)
    gates: dict[str, str] = field(default_factory=dict)
    peaks: dict[Owner, Decimal] = field(default_factory=dict)

    def copy(self) -> "Store":
        """Return a copy whose tables can be written without this one noticing."""
        made = Store.__new__(Store)
        made.__dict__.update(
            {n: v.copy() if isinstance(v, dict | list) else v for n, v in self.__dict__.items()}  # rows never change
        )
        return made


class Database:
    """Transactions over one store: all of one or nothing of it, and nothing for whoever has lost the lease."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self.store = Store()
        self._clock = clock

    @contextmanager
    def transaction(self, epoch: int | None = None) -> Iterator[Store]:
        """Yield a copy that becomes the store; Interrupted when `epoch` is not the newest any more."""
        if epoch is not None and epoch != self.store.epoch:
            raise Interrupted("the lease was taken over")
        made = self.store.copy()
        made.moment = self._clock()
        yield made
        self.store = made


def create(store: Store, request: OrderRequest, attempt: int, epoch: int, at: datetime, window: int | None) -> Order:
    client_id = request.key.client_id(BOOK, attempt)
    others = [order for order in store.orders.values() if order.request.key == request.key]
    if client_id in store.orders or any(order.state not in NEVER_LIVED for order in others):
        raise Refused(f"a second living attempt of {request.key}")
    if (request.key.signal_id, request.key.decision_no) not in store.decisions:
        raise Refused(f"{request.key} rests on no decision")
    state = OrderState.INTENT if window is None else OrderState.SENDING
    order = Order(request, client_id, state, attempt, epoch, None if window is None else at, window)
    store.orders[client_id], store.created[client_id] = order, at
    store.events.append((client_id, None, OrderState.INTENT, at))
    if window is not None:
        store.sent[client_id] = store.moment
        store.events.append((client_id, OrderState.INTENT, OrderState.SENDING, at))
    return order


def move(
    store: Store, order: Order, after: OrderState, at: datetime, *, venue_id: str | None = None, code: str = ""
) -> bool:
    """Compare-and-set; False when the row is no longer as read."""
    lifecycle.check(order.state, after)
    current = store.orders[order.client_id]
    if current.state is not order.state or current.epoch != order.epoch:
        return False
    known = venue_id if venue_id is not None else current.venue_order_id
    store.orders[order.client_id] = replace(current, state=after, venue_order_id=known)
    store.codes[order.client_id] = code
    store.events.append((order.client_id, order.state, after, at))
    return True


def mark_sending(store: Store, order: Order, at: datetime, window: int, epoch: int) -> Order | None:
    current = store.orders[order.client_id]
    if current.state is not OrderState.INTENT or current.epoch > epoch:
        return None
    made = replace(current, state=OrderState.SENDING, sent_at=at, recv_window_ms=window, epoch=epoch)
    store.orders[order.client_id], store.sent[order.client_id] = made, store.moment
    store.events.append((order.client_id, OrderState.INTENT, OrderState.SENDING, at))
    return made


def adopt(store: Store, epoch: int) -> None:
    for client_id, order in store.orders.items():
        if not order.state.terminal and order.epoch < epoch:
            store.orders[client_id] = replace(order, epoch=epoch)


def living(store: Store, symbol: str | None = None) -> list[Order]:
    return [o for o in store.orders.values() if not o.state.terminal and symbol in (None, o.request.symbol)]


def remember(store: Store, strategy: str, symbol: str, reason: str) -> None:
    store.triggered += 1
    store.triggers.append((store.triggered, strategy, symbol, reason))


def post(store: Store, journal: Journal, strategy: str, symbol: str) -> None:
    """Post once; a journal that is known changes nothing."""
    if journal.journal_id in store.journals:
        return
    store.journals[journal.journal_id] = journal
    store.by_ref[journal.ref] = (*store.by_ref.get(journal.ref, ()), journal)
    for line in journal.lines:
        key = (strategy, symbol, line.account, line.currency)
        store.balances[key] = store.balances.get(key, ZERO) + line.amount


def outstanding(store: Store, client_id: str) -> tuple[Decimal, int]:
    journals = store.by_ref.get(client_id, ())
    held = sum((line.amount for j in journals for line in j.lines if line.account == "reserved"), ZERO)
    return held, len(journals)


def owned(store: Store) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for (_, _, account, currency), amount in store.balances.items():
        if account in ("cash", "reserved", "position"):
            sums[currency] = sums.get(currency, ZERO) + amount
    return {currency: amount for currency, amount in sums.items() if amount}


def gate(store: Store, symbol: str) -> str:
    """Return what closes the way to new risk, "" when nothing does."""
    halted = next((why for what, why in store.halts.items() if what in ("*", symbol)), None)
    if halted is not None:
        return f"halt {halted}"
    if store.symbols[symbol] != "OPEN":
        return f"symbol {store.symbols[symbol]}"
    for order in store.orders.values():
        if order.state is OrderState.UNKNOWN and order.request.symbol == symbol:
            return f"order {order.client_id} is UNKNOWN"
    return store.gates.get(symbol, "")


@dataclass(frozen=True)
class Situation:
    """What a decision rests on."""

    account: Account
    signal: Signal | None
    decision_no: int


def situation(store: Store, owner: Owner, instrument: Instrument, arriving: Signal | None = None) -> Situation:
    """Return the situation of a sub-account; `arriving` is a signal that is accepted in this very transaction."""
    force = arriving or in_force(store, owner)
    made = 1 + max((no for name, no in store.decisions if force and name == force.signal_id), default=0)
    mine = [order for order in store.orders.values() if (order.request.strategy, order.request.symbol) == owner]
    stops = {order.client_id for order in mine if order.request.key.leg is Leg.STOP}
    refused = [] if arriving or force is None else _refused(mine, force.signal_id)
    closed = gate(store, owner[1])
    legs = _legs(store, owner, mine)

    def amount(account: str, currency: str) -> Decimal:
        return store.balances.get((*owner, account, currency), ZERO)

    account = Account(
        BOOK,
        *owner,
        amount("cash", instrument.quote),
        amount("reserved", instrument.quote),
        amount("position", instrument.base),
        amount("reserved", instrument.base),
        store.peaks.get(owner, ZERO),
        entry_gate_open=not closed,
        gate_reason=closed,
        stopped_at=max((fill.ts for fill in store.fills.values() if fill.client_id in stops), default=None),
        stop_floor=_floor(store, owner, mine),
        refused=len(refused),
        stops_refused=refused.count(Leg.STOP),
        taken_at=_taken(store, mine, force),
        legs=len(legs),
        leg_price=legs[-1].request.reference_price if legs else None,
        working=tuple(order for order in mine if not order.state.terminal),
    )
    return Situation(account, force, made)


def _taken(store: Store, mine: Sequence[Order], force: Signal | None) -> datetime | None:
    """Return when an ask last filled under the signal in force."""
    asks = {order.client_id for order in mine if order.request.key.leg is Leg.ASK}
    filled = [one.ts for one in store.fills.values() if one.client_id in asks and force and one.ts >= force.decided_at]
    return max(filled, default=None)


def unwanted(store: Store, now: datetime) -> list[Owner]:
    """Return the sub-accounts in which quotes rest that may not: their signal is over, or their gate is closed."""
    found: list[Owner] = []
    for order in living(store):
        owner = order.request.strategy, order.request.symbol
        force = in_force(store, owner)
        if order.request.key.leg.quoted and not order.state.unsettled and force is not None:
            closed = store.symbols[owner[1]] != "RECONCILING" and bool(gate(store, owner[1]))
            found += [owner] if closed or now > rests_until(force) else []
    return found


def in_force(store: Store, owner: Owner) -> Signal | None:
    accepted = [t.signal for t in store.inbox.values() if t.status == "ACCEPTED"]
    mine = [signal for signal in accepted if (signal.strategy, signal.symbol) == owner]
    return max(mine, key=lambda signal: (signal.decided_at, signal.signal_id), default=None)


def _refused(mine: Sequence[Order], signal_id: str) -> list[Leg]:
    last: dict[object, Order] = {}
    for order in mine:
        key = order.request.key
        if key.signal_id == signal_id and (key not in last or last[key].attempt < order.attempt):
            last[key] = order
    return [
        order.request.key.leg
        for order in last.values()
        if order.state is OrderState.REJECTED or (order.state is OrderState.EXPIRED and not order.filled)
    ]


def _legs(store: Store, owner: Owner, mine: Sequence[Order]) -> list[Order]:
    """Return the entries that have filled since the owner was last to hold nothing, the newest last."""
    stops = {order.client_id for order in mine if order.request.key.leg is Leg.STOP}
    ends = [fill.ts for fill in store.fills.values() if fill.client_id in stops]
    ends += [d.at for d in store.decisions.values() if d.owner == owner and not d.decision.target]
    filled = [order for order in mine if order.request.key.leg is Leg.ENTRY and order.filled]
    legs = [order for order in filled if not ends or store.created[order.client_id] > max(ends)]
    return sorted(legs, key=lambda order: (store.created[order.client_id], order.client_id))


def _floor(store: Store, owner: Owner, mine: Sequence[Order]) -> Decimal | None:
    stops = [o for o in mine if o.request.key.leg is Leg.STOP and o.state not in NEVER_LIVED]
    if not stops:
        return None
    newest = max(stops, key=lambda o: (store.created[o.client_id], o.request.stop is not None, o.request.stop or ZERO))
    began = store.created[newest.client_id]
    over = any(d.owner == owner and not d.decision.target and d.at >= began for d in store.decisions.values())
    return None if newest.filled or over else newest.request.stop
