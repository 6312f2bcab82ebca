"""The shell of a simulated world: the hops of services/execution as generators that stop before every effect.

Each `yield` names a moment at which the world may let time pass, freeze this executor, end it, or let another one run.
The venue of a world hides and loses but never says what cannot be, so BadData is not caught: it fails the world.
"""

from collections import Counter, deque
from collections.abc import Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from tests.chaos import world_store as tables
from tests.chaos.world_store import BOOK, Database, Decided, Owner, Store, Taken
from tests.chaos.world_venue import INSTRUMENTS, Venue
from trading.accounting import journal
from trading.decide import Market, decide
from trading.errors import Unknown
from trading.execution import protocol
from trading.fill import Fill
from trading.limits import Limits
from trading.money import ZERO
from trading.order import Order, OrderRequest, OrderState
from trading.ports import Known, Outcome, Unreachable, VenueOrder, Verdict
from trading.signal import Signal

MARKETS = {one.symbol: one for one in INSTRUMENTS}
LIMITS = Limits(target_volatility=Decimal("0.5"), max_order_value=Decimal(9000))
WINDOW_MS, MARGIN_MS = 3000, 15_000
Orders = Generator[str, None, Sequence[Order]]
Maybe = Generator[str, None, Sequence[Order] | None]
Steps = Generator[str, None, None]


@dataclass
class Topic:
    """Messages by partition; what was published stays."""

    partitions: list[list[Signal]] = field(default_factory=lambda: [[] for _ in INSTRUMENTS])


class Executor:
    """One process: `run` is its life, `epoch` its lease; whatever it has not committed ends with it."""

    def __init__(self, database: Database, venue: Venue, topic: Topic, epoch: int, *, replay: bool) -> None:
        self.database, self.venue, self.topic, self.epoch = database, venue, topic, epoch
        stored = {} if replay else dict(database.store.offsets)
        self.read = {number: stored.get(number, 0) for number in range(len(topic.partitions))}
        self.negative: Counter[str] = Counter()
        self.asked: datetime | None = None
        self.turns = 0

    def run(self) -> Steps:
        """Live until ended; Interrupted once another one has the lease."""
        yield "begin"
        with self.database.transaction(self.epoch) as store:
            tables.adopt(store, self.epoch)
            for symbol in MARKETS:
                if store.symbols.get(symbol) != "HALTED":
                    store.symbols[symbol] = "RECONCILING"
        while True:
            yield from self.turn()
            self.turns += 1
            yield "turn"

    def turn(self) -> Steps:
        now: datetime | None = self.venue.now()
        for symbol, state in list(self.database.store.symbols.items()):
            if state == "RECONCILING":
                yield from self.reconcile(symbol)
        for number in self.read:
            while self.read[number] < len(self.topic.partitions[number]):
                since = self.venue.exchange.now
                acting = yield from self.take(number)
                self.read[number] += 1
                now = None
                yield from self.act(acting, since)
        asking = now is not None and now != self.asked
        for order in tables.living(self.database.store):
            if order.state.unsettled:
                yield from self.step(order)
            elif asking:
                yield from self.ask(order)
        self.asked = now
        due = [(strategy, symbol) for _, strategy, symbol, _ in self.database.store.triggers]
        for owner in dict.fromkeys([*due, *tables.unwanted(self.database.store, self.venue.now())]):
            since = self.venue.exchange.now
            acting = yield from self.evaluate(owner)
            yield from self.act(acting, since)

    # messages and decisions

    def take(self, number: int) -> Orders:
        now = self.venue.now()
        offset = self.read[number]
        signal = self.topic.partitions[number][offset]
        yield "record_opened"
        price = self.venue.last_price(signal.symbol)
        yield "price_known"
        with self.database.transaction(self.epoch) as store:
            acting = self._accept(store, signal, (number, offset), price, now)
            store.offsets[number] = max(store.offsets.get(number, 0), offset + 1)
        yield "intake_committed"
        return acting

    def _accept(
        self,
        store: Store,
        signal: Signal,
        place: tuple[int, int],
        price: Known[Decimal] | Unreachable,
        now: datetime,
    ) -> Sequence[Order]:
        known = store.inbox.get(signal.signal_id)
        if known is not None:
            if known.signal != signal:
                store.dead[place] = "another body"
            return ()
        owner = (signal.strategy, signal.symbol)
        newest = tables.in_force(store, owner)
        status = "ACCEPTED"
        if now >= signal.valid_until:
            status = "EXPIRED"
        elif newest is not None and (newest.decided_at, newest.signal_id) > (signal.decided_at, signal.signal_id):
            status = "DENIED"
        arriving = signal if status == "ACCEPTED" else None
        acting = None
        if arriving is not None and isinstance(price, Known):
            acting = self._conclude(store, owner, price.value, now, arriving)
        store.inbox[signal.signal_id] = Taken(signal, status)
        if arriving is not None and acting is None:
            tables.remember(store, *owner, "signal")
        return acting or ()

    def evaluate(self, owner: Owner) -> Orders:
        numbers = {number for number, *of, _ in self.database.store.triggers if tuple(of) == owner}
        price = self.venue.last_price(owner[1])
        if isinstance(price, Unreachable):
            return ()
        now = self.venue.now()
        yield "trigger_read"
        with self.database.transaction(self.epoch) as store:
            acting = self._conclude(store, owner, price.value, now)
            if acting is not None:
                store.triggers = [one for one in store.triggers if one[0] not in numbers]
        yield "trigger_committed"
        return acting or ()

    def _conclude(
        self, store: Store, owner: Owner, price: Decimal, now: datetime, arriving: Signal | None = None
    ) -> Sequence[Order] | None:
        found = tables.situation(store, owner, MARKETS[owner[1]], arriving)
        if found.signal is None:
            return ()
        account, number = found.account, found.decision_no
        if any(order.state.unsettled for order in account.working):
            return None
        market = Market(MARKETS[owner[1]], price, now)
        decision = decide(found.signal, account, market, LIMITS, number)
        acting: list[Order] = []
        if number == 1 or decision.verdict == "TRADE":
            store.decisions[found.signal.signal_id, number] = Decided(decision, owner, now, account.gate_reason)
            at_once = store.symbols[owner[1]] != "RECONCILING" and not self.venue.waits()
            made = [self._place(store, request, 1, now, at_once=at_once) for request in decision.requests]
            acting = [order for order in made if order.state is not OrderState.INTENT]
            for order in decision.cancels:
                if tables.move(store, order, OrderState.PENDING_CANCEL, now):
                    acting.append(replace(order, state=OrderState.PENDING_CANCEL))
        store.peaks[owner] = max(store.peaks.get(owner, ZERO), account.equity(price))
        return acting

    def _place(self, store: Store, request: OrderRequest, attempt: int, now: datetime, *, at_once: bool) -> Order:
        order = tables.create(store, request, attempt, self.epoch, now, WINDOW_MS if at_once else None)
        hold = journal.reserve(request, order.client_id, MARKETS[request.symbol], LIMITS.cash_buffer)
        tables.post(store, hold, request.strategy, request.symbol)
        return order

    # orders

    def step(self, order: Order) -> Steps:
        since = self.venue.exchange.now
        if order.state is OrderState.INTENT:
            acting = yield from self.ready(order)
            yield from self.act(acting, since)
        elif order.state is OrderState.PENDING_CANCEL:
            yield from self.act([order], since)
        else:
            yield from self.ask(order)

    def ask(self, order: Order) -> Steps:
        since = self.venue.exchange.now
        acting = yield from self.resolve(order)
        yield from self.act(acting or (), since)

    def act(self, acting: Sequence[Order], since: int) -> Steps:
        line = deque((order, since) for order in acting)
        while line:
            order, began = line.popleft()
            if order.state is OrderState.SENDING:
                following = yield from self.transmit(order, began)
            else:
                following = yield from self.cancel(order)
            began = self.venue.exchange.now
            line.extend((each, began) for each in following)

    def ready(self, order: Order) -> Orders:
        if self.venue.waits():
            return ()
        now = self.venue.now()
        yield "intent_read"
        with self.database.transaction(self.epoch) as store:
            if store.symbols[order.request.symbol] == "RECONCILING":
                return ()
            valid_until = store.inbox[order.request.key.signal_id].signal.valid_until
            why = protocol.obstacle(order.request, now, valid_until, tables.gate(store, order.request.symbol))
            if why:
                self._close(store, order, OrderState.CANCELED, "void", now)
                sending = None
            else:
                sending = tables.mark_sending(store, order, now, WINDOW_MS, self.epoch)
        yield "sending_committed"
        return () if sending is None else (sending,)

    def transmit(self, order: Order, since: int) -> Orders:
        if protocol.too_late((self.venue.exchange.now - since) / 1000, order.recv_window_ms or 0):
            answer = Outcome(Verdict.REFUSED, protocol.NOT_SENT, "too late")
        else:
            yield "before_wire"
            answer = self.venue.send(order)
            yield "after_wire"
        now = self.venue.now()
        if answer.verdict is Verdict.ACCEPTED:
            try:
                return (yield from self.settle(order, answer, answer.fills)) or ()
            except Unknown:
                answer = Outcome(Verdict.UNKNOWN, "fills_missing", "", answer.venue_order_id)
        if answer.verdict is Verdict.REFUSED:
            with self.database.transaction(self.epoch) as store:
                self._end(store, order, OrderState.REJECTED, answer.code, now)
            if answer.code in protocol.OF_THE_KEY:
                self._weigh_key()
        elif order.state is not OrderState.UNKNOWN:
            with self.database.transaction(self.epoch) as store:
                tables.move(store, order, OrderState.UNKNOWN, now, venue_id=answer.venue_order_id, code=answer.code)
        yield "answer_committed"
        return ()

    def cancel(self, order: Order) -> Orders:
        yield "cancel_before_wire"
        answer = self.venue.cancel(order)
        yield "cancel_after_wire"
        following = None
        if answer.verdict is Verdict.ACCEPTED and answer.filled == order.filled:
            following = yield from self.settle(order, answer)
        if following is None:
            following = yield from self.resolve(order)
        return following or ()

    def settle(self, order: Order, seen: Outcome | VenueOrder, reported: Sequence[Fill] = ()) -> Maybe:
        after = protocol.after(order, seen)
        price = self.venue.last_price(order.request.symbol) if reported or after.terminal else None
        now = self.venue.now()
        yield "answer_read"
        with self.database.transaction(self.epoch) as store:
            current = store.orders[order.client_id]
            if current.state is not order.state or current.epoch != order.epoch:
                return None
            new = self._book(store, current, reported)
            if current.filled + new < seen.filled:
                raise Unknown(order.client_id)
            if after is not order.state:
                tables.move(store, order, after, now, venue_id=seen.venue_order_id)
            if after.terminal:
                self._release(store, order)
            acting: Sequence[Order] | None = ()
            if new or after.terminal:
                owner = order.request.strategy, order.request.symbol
                acting = self._conclude(store, owner, price.value, now) if isinstance(price, Known) else None
                if acting is None:
                    tables.remember(store, *owner, "fill")
        yield "answer_committed"
        return acting or ()

    def _book(self, store: Store, order: Order, reported: Sequence[Fill]) -> Decimal:
        request, new = order.request, ZERO
        for trade in reported:
            own = replace(trade, client_id=order.client_id)
            known = store.fills.get((request.symbol, own.trade_id))
            if known is not None:
                if (known.client_id, known.price, known.quantity) != (own.client_id, own.price, own.quantity):
                    store.symbols[request.symbol] = "HALTED"
                continue
            store.fills[request.symbol, own.trade_id] = own
            tables.post(store, journal.fill(BOOK, own, MARKETS[request.symbol]), request.strategy, request.symbol)
            new += own.quantity
        stored = store.orders[order.client_id]
        store.orders[order.client_id] = replace(stored, filled=stored.filled + new)
        if order.filled + new > request.quantity:
            store.symbols[request.symbol] = "HALTED"
        return new

    def _close(self, store: Store, order: Order, after: OrderState, code: str, now: datetime) -> bool:
        if not tables.move(store, order, after, now, code=code):
            return False
        self._release(store, order)
        tables.remember(store, order.request.strategy, order.request.symbol, str(after))
        return True

    def _end(self, store: Store, order: Order, proof: OrderState, code: str, now: datetime) -> None:
        if not self._close(store, order, proof, code, now):
            return
        valid_until = store.inbox[order.request.key.signal_id].signal.valid_until
        if protocol.follows(order, code, now, valid_until):
            self._place(store, order.request, order.attempt + 1, now, at_once=False)

    def _release(self, store: Store, order: Order) -> None:
        amount, journals = tables.outstanding(store, order.client_id)
        if amount:
            request = order.request
            entry = journal.release(request.side, order.client_id, journals, MARKETS[request.symbol], amount)
            tables.post(store, entry, request.strategy, request.symbol)

    def _weigh_key(self) -> None:
        with self.database.transaction() as store:
            codes = [store.codes.get(o.client_id) for o in store.orders.values() if o.state is OrderState.REJECTED]
            if sum(code in protocol.OF_THE_KEY for code in codes) >= 2:
                store.halts["*"] = "key"

    # recovery and reconciliation

    def resolve(self, order: Order) -> Maybe:
        answer = self.venue.order(order.request.symbol, order.client_id)
        yield "query_answered"
        if isinstance(answer, Unreachable):
            return None
        if answer.value is None:
            return (yield from self._absent(order))
        self.negative.pop(order.client_id, None)
        return (yield from self._adopt(order, answer.value)) if protocol.news(order, answer.value) else None

    def _adopt(self, order: Order, seen: VenueOrder) -> Maybe:
        if seen.filled == order.filled:
            return (yield from self.settle(order, seen))
        for everything in (False, True):
            trades = self._trades(order.request.symbol, everything=everything)
            if trades is None:
                return None
            reported = [trade for trade in trades if trade.venue_order_id == seen.venue_order_id]
            with suppress(Unknown):
                return (yield from self.settle(order, seen, reported))
        return None

    def _absent(self, order: Order) -> Maybe:
        begins = protocol.absence_begins(order, MARGIN_MS)
        if begins is None:
            return None
        if self.venue.now() <= begins:
            self.negative.pop(order.client_id, None)
            return None
        self.negative[order.client_id] += 1
        if self.negative[order.client_id] <= protocol.CONFIRMATIONS:
            return None
        strangers = yield from self.sweep(order.request.symbol)
        if strangers is None or any(protocol.may_belong(order, trade) for trade in strangers):
            return None
        self.negative.pop(order.client_id)
        with self.database.transaction(self.epoch) as store:
            self._end(store, order, OrderState.ABSENT, "absent", self.venue.now())
        yield "absence_committed"
        return ()

    def _trades(self, symbol: str, *, everything: bool = False) -> list[Fill] | None:
        answer = self.venue.fills(symbol, None if everything else self.database.store.watermarks.get(symbol))
        return None if isinstance(answer, Unreachable) else answer.value

    def sweep(self, symbol: str) -> Generator[str, None, list[Fill] | None]:
        trades = self._trades(symbol)
        yield "trades_read"
        if not trades:
            return trades
        with self.database.transaction(self.epoch) as store:
            ours = {
                o.venue_order_id: o for o in store.orders.values() if o.venue_order_id and o.request.symbol == symbol
            }
            told = True
            for venue_id in dict.fromkeys(trade.venue_order_id for trade in trades if trade.venue_order_id in ours):
                order, mine = ours[venue_id], [trade for trade in trades if trade.venue_order_id == venue_id]
                if not order.state.terminal:
                    told = told and all((symbol, trade.trade_id) in store.fills for trade in mine)
                elif self._book(store, order, mine):
                    tables.remember(store, order.request.strategy, symbol, "fill")
                    self._release(store, order)
            strangers = [trade for trade in trades if trade.venue_order_id not in ours]
            strangers = [trade for trade in strangers if (symbol, trade.trade_id) not in store.foreign]
            if told and not strangers:
                store.watermarks[symbol] = trades[-1].trade_id
        return strangers if told else None

    def reconcile(self, symbol: str, state: str = "RECONCILING") -> Steps:
        """Open or halt one symbol in `state`; leave it as it is while the venue does not answer."""
        for order in tables.living(self.database.store, symbol):
            if order.sent_at is not None:
                yield from self.ask(order)
        if any(o.state.unsettled and o.sent_at is not None for o in tables.living(self.database.store, symbol)):
            return
        strangers = yield from self.sweep(symbol)
        if strangers is None or isinstance(self.venue.open_orders(symbol), Unreachable):
            return
        if strangers:
            with self.database.transaction(self.epoch) as store:
                for trade in strangers:
                    store.foreign[symbol, trade.trade_id] = trade
                    tables.post(store, journal.foreign(BOOK, trade, MARKETS[symbol]), "foreign", symbol)
                store.symbols[symbol] = "HALTED"
            return
        wrong = yield from self._compare(symbol)
        if wrong is None:
            return
        with self.database.transaction(self.epoch) as store:
            if store.symbols[symbol] == state:
                store.symbols[symbol] = "HALTED" if wrong else "OPEN"

    def _compare(self, symbol: str) -> Generator[str, None, bool | None]:
        """Return whether books and venue differ in a currency of `symbol`; None while that cannot be told."""
        wrong = False
        for _ in range(3):
            if any(
                order.state in (OrderState.SENDING, OrderState.UNKNOWN) for order in tables.living(self.database.store)
            ):
                return None
            for each in MARKETS:
                if (yield from self.sweep(each)) != []:
                    return None
            balances = self.venue.balances()
            if isinstance(balances, Unreachable):
                return None
            books, market = tables.owned(self.database.store), MARKETS[symbol]
            wrong = any(books.get(c, ZERO) != balances.value.get(c, ZERO) for c in (market.base, market.quote))
            if not wrong:
                break
            yield "balances_differ"
        return wrong
