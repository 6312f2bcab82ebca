"""What must hold in a world at its end, told from the venue's own history and the rows, not from the rules."""

import re
from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal

from tests.chaos.world_shell import LIMITS, MARKETS
from tests.chaos.world_store import Owner, Store, gate, in_force, owned
from tests.chaos.world_venue import ACCOUNT, Venue
from trading.money import ZERO, multiply
from trading.order import Leg, Order, OrderState, Side
from trading.timeframe import EPOCH

#: How long a world that rests may pass between two looks.
BREATH = timedelta(seconds=2)
_ATTEMPT = re.compile(r"-a\d+$")
#: How an order ends that did not do what it was for.
_IN_VAIN = (OrderState.REJECTED, OrderState.EXPIRED, OrderState.ABSENT, OrderState.CANCELED)
_DRAWN = {
    "None": "INTENT",
    "INTENT": "SENDING CANCELED",
    "SENDING": "ACKED PARTIAL FILLED CANCELED EXPIRED REJECTED UNKNOWN ABSENT",
    "UNKNOWN": "ACKED PARTIAL FILLED CANCELED EXPIRED REJECTED ABSENT",
    "ACKED": "PARTIAL FILLED CANCELED EXPIRED PENDING_CANCEL",
    "PARTIAL": "PARTIAL FILLED CANCELED EXPIRED PENDING_CANCEL",
    "PENDING_CANCEL": "FILLED CANCELED EXPIRED",
}


class Violation(AssertionError):
    """An invariant does not hold."""


def check(store: Store, venue: Venue, closed: list[tuple[str, int, int]], *, rested: bool) -> int:
    """Check every invariant; return how many orders the venue has accepted.

    `closed` is (symbol or "halt *" or "halt symbol", from, to) in ms. A world that did not come to rest is only held to
    what was sent.
    """
    accepted = {made.client_id: made for made in venue.exchange.orders.values() if made.client_id.startswith("tw-")}
    _identity(store, venue, set(accepted))
    _paths(store)
    _attempts(store)
    _one_at_a_time(store)
    for client_id in accepted:
        _allowed(store, store.orders[client_id], closed)
    _stops(store, venue)
    if rested:
        _ends(store, venue)
        _money(store, venue)
        _reservations(store)
        for owner in sorted({(taken.signal.strategy, taken.signal.symbol) for taken in store.inbox.values()}):
            _wanted(store, venue, owner)
            _quoted(store, venue, owner)
    return len(accepted)


def _must(holds: bool, what: str) -> None:
    if not holds:
        raise Violation(what)


def _identity(store: Store, venue: Venue, accepted: set[str]) -> None:
    twice = [key for key, n in Counter(_ATTEMPT.sub("", one) for one in accepted).items() if n > 1]
    _must(not twice, f"more than one accepted order of {twice}")
    again = [one for one, n in Counter(one for one, _ in venue.wire).items() if n > 1]
    _must(not again, f"sent more than once: {again}")
    sent = {order.client_id for order in store.orders.values() if order.sent_at is not None}
    _must(accepted <= sent, f"accepted without a SENDING row: {accepted - sent}")
    for order in store.orders.values():
        lives = order.client_id in accepted
        _must(not lives or order.state not in (OrderState.ABSENT, OrderState.REJECTED), f"{order} lives at the venue")
        _must(lives or order.venue_order_id is None, f"{order} is not at the venue")


def _paths(store: Store) -> None:
    at: dict[str, str] = {}
    for client_id, before, after, _ in store.events:
        _must(at.get(client_id, "None") == str(before), f"{client_id} was {at.get(client_id)}, not {before}")
        _must(str(after) in _DRAWN.get(str(before), "").split(), f"{client_id} went from {before} to {after}")
        at[client_id] = str(after)
    _must(at == {o.client_id: str(o.state) for o in store.orders.values()}, "states and events differ")


def _ends(store: Store, venue: Venue) -> None:
    """Every order ended here as it ended at the venue, and what has not ended rests there."""
    for order in store.orders.values():
        _must(not order.state.unsettled, f"{order.client_id} is still {order.state}")
        made = venue.exchange.latest.get((ACCOUNT, order.request.symbol, order.client_id))
        if made is not None:
            lot = MARKETS[order.request.symbol].lot
            same = {"NEW": "ACKED", "PARTIALLY_FILLED": "PARTIAL"}.get(made.status, str(made.status))
            _must(order.state == same, f"{order.client_id} is {order.state} here, {made.status} there")
            _must(order.filled == made.filled * lot, f"{order.client_id} filled {order.filled} here")


def _money(store: Store, venue: Venue) -> None:
    trades = {(one.symbol, str(one.trade_id)): one for one in venue.exchange.trades}
    _must(trades.keys() == store.fills.keys() | store.foreign.keys(), "trades at the venue and booked ones differ")
    for key, fill in store.fills.items():
        said = trades[key]
        same = (said.price, said.quantity, said.fee, said.fee_currency, said.side, said.client_id)
        booked = (fill.price, fill.quantity, fill.fee, fill.fee_currency, fill.side, fill.client_id)
        _must(same == booked, f"fill {fill} is {said} at the venue")
        _must(not said.client_id.startswith("order-"), f"a stranger's trade is taken for ours: {fill}")
    _must(len(store.fills) == sum(one.kind == "FILL" for one in store.journals.values()), "a fill without its journal")
    sums: Counter[str] = Counter()
    for journal in store.journals.values():
        own: Counter[str] = Counter()
        for line in journal.lines:
            own[line.currency] += line.amount  # type: ignore[assignment]
        _must(not any(own.values()), f"journal {journal.journal_id} does not sum to zero")
        sums.update(own)
    _must(not any(sums.values()), f"the books do not sum to zero: {sums}")
    _must(owned(store) == venue.holdings(), f"books {owned(store)}, venue {venue.holdings()}")


def _reservations(store: Store) -> None:
    held = {key: amount for key, amount in store.balances.items() if key[2] == "reserved" and amount}
    expected: dict[tuple[str, str, str, str], Decimal] = {}
    for order in store.orders.values():
        if not order.state.terminal:
            request, market = order.request, MARKETS[order.request.symbol]
            buys = request.side is Side.BUY
            _must(not buys or request.key.leg is Leg.BID, f"{order.client_id} still works")
            key = (request.strategy, request.symbol, "reserved", market.quote if buys else market.base)
            expected[key] = expected.get(key, ZERO) + (_bid_holds(store, order) if buys else order.remaining)
    _must(held == expected, f"reserved {held}, open orders need {expected}")


def _bid_holds(store: Store, order: Order) -> Decimal:
    """Return what a bid has reserved and not paid yet, in quote."""
    paid = sum((one.price * one.quantity for one in store.fills.values() if one.client_id == order.client_id), ZERO)
    return multiply(multiply(order.request.quantity, order.request.limit or ZERO), 1 + LIMITS.cash_buffer) - paid


def _attempts(store: Store) -> None:
    """An attempt follows only one that never lived, for a reason of the moment; only stops are tried for ever."""
    by_key = {(order.request.key, order.attempt): order for order in store.orders.values()}
    for (key, attempt), order in by_key.items():
        _must(attempt <= 5 or key.leg is Leg.STOP, f"{order.client_id} is the {attempt}th attempt")
        if attempt > 1:
            before = by_key[key, attempt - 1]
            code = store.codes[before.client_id]
            _must(code in ("absent", "NOT_SENT", "-1021", "-1003", "-1015"), f"{order.client_id} after {code}")


def _one_at_a_time(store: Store) -> None:
    """While an entry or exit works nothing else is begun, nor does a signal enter again after its stop."""
    living: dict[str, Order] = {}
    stopped: dict[Owner, datetime] = {}
    for client_id, before, after, _ in store.events:
        request = store.orders[client_id].request
        owner = (request.strategy, request.symbol)
        if before is None and request.key.leg is not Leg.STOP:
            others = [o for o in living.values() if (o.request.strategy, o.request.symbol) == owner]
            _must(not others, f"{client_id} was made beside {[o.client_id for o in others]}")
            decided = store.inbox[request.key.signal_id].signal.decided_at
            fresh = request.side is Side.BUY and store.orders[client_id].attempt == 1
            wants = store.decisions[request.key.signal_id, request.key.decision_no].decision.target
            again = fresh and (wants > 0 or request.key.leg is Leg.BID) and stopped.get(owner, EPOCH) > decided
            _must(not again, f"{client_id} enters again after its stop")
        if request.key.leg in (Leg.ENTRY, Leg.EXIT):
            living[client_id] = store.orders[client_id]
            if after.terminal:
                del living[client_id]
        elif request.key.leg is Leg.STOP and after is OrderState.FILLED and before is not None:
            stopped[owner] = max(f.ts for f in store.fills.values() if f.client_id == client_id)


def _allowed(store: Store, order: Order, closed: list[tuple[str, int, int]]) -> None:
    request, leg = order.request, order.request.key.leg
    assert order.sent_at is not None
    signal = store.inbox[request.key.signal_id].signal
    decided = store.decisions[request.key.signal_id, request.key.decision_no]
    first = request.key.decision_no > 1 or decided.at < signal.valid_until
    _must(first, f"{order.client_id} rests on a signal that had expired before it was decided about")
    if leg is not Leg.STOP:
        _must(order.sent_at < signal.valid_until, f"{order.client_id} was sent after its signal's end")
    risky = leg is Leg.ENTRY and decided.decision.target > 0  # else it buys back what was sold too much
    _must(not (leg.quoted and decided.closed_by), f"{order.client_id} quotes although {decided.closed_by}")
    if risky or leg is Leg.BID:
        _must(not decided.closed_by, f"{order.client_id} entered although {decided.closed_by}")
        for what, since, until in closed:
            touches = what in ("halt *", f"halt {request.symbol}", request.symbol)
            during = since < store.sent[order.client_id] < until
            _must(not touches or not during, f"{order.client_id} was sent during {what}")


def _wanted(store: Store, venue: Venue, owner: Owner) -> None:
    """At rest the last signal has been obeyed as far as it could be: what shall go is gone, what stays is protected."""
    signal, market = in_force(store, owner), MARKETS[owner[1]]
    price = venue.exchange.books[owner[1]].walk.price
    if signal is None or price is None or (signal.signal_id, 1) not in store.decisions:
        return
    orders = [order for order in store.orders.values() if (order.request.strategy, order.request.symbol) == owner]
    late = store.decisions[signal.signal_id, 1].decision.reason.startswith("expired")
    failed = [o for o in orders if o.request.key.signal_id == signal.signal_id and o.state in _IN_VAIN]
    amounts = [store.balances.get((*owner, account, market.base), ZERO) for account in ("position", "reserved")]
    held = market.quantity(sum(amounts, ZERO))
    if failed or late or held * price * market.tick < market.min_notional * 2:
        return
    expired = venue.now() >= signal.valid_until
    _must(signal.exposure != 0 or expired, f"{owner} still holds {held} though {signal.signal_id} wants nothing")
    if signal.stop is not None:
        stops = [order for order in orders if not order.state.terminal and order.request.key.leg is Leg.STOP]
        covered = sum((order.remaining for order in stops), ZERO)
        _must(covered == held, f"{owner} holds {held}, of which a stop protects {covered}")


def _quoted(store: Store, venue: Venue, owner: Owner) -> None:
    """At rest only quotes of the signal in force rest, at its prices, and none once it is over or its gate closed."""
    orders = [order for order in store.orders.values() if (order.request.strategy, order.request.symbol) == owner]
    resting = [order for order in orders if order.request.key.leg.quoted and not order.state.terminal]
    signal, tick = in_force(store, owner), MARKETS[owner[1]].tick
    if not resting or signal is None:
        _must(not resting, f"{owner} quotes without a signal")
        return
    valid = signal.valid_until - signal.decided_at
    _must(venue.now() <= signal.valid_until + valid / 10 + BREATH, f"{owner} quotes for a signal that is over")
    _must(not gate(store, owner[1]), f"{owner} quotes although {gate(store, owner[1])}")
    for order in resting:
        sides = [quote.price for quote in signal.quotes if quote.side is order.request.side]
        limit = order.request.limit or ZERO
        _must(any(abs(price - limit) < tick for price in sides), f"{order.client_id} at {limit} is not wanted")


def _stops(store: Store, venue: Venue) -> None:
    """No stop lies below an earlier one of the same position."""
    floors: dict[Owner, tuple[datetime, Decimal]] = {}
    for made in sorted(venue.exchange.orders.values(), key=lambda one: one.order_id):
        order = store.orders.get(made.client_id)
        if order is None or order.request.key.leg is not Leg.STOP:
            continue
        owner, level = (order.request.strategy, order.request.symbol), order.request.stop
        known = floors.pop(owner, None)
        if level is not None:  # else it sells what cannot be protected
            same = known is not None and not _over(store, owner, known[0], made.placed)
            _must(not same or known is None or level >= known[1], f"the stop {order.client_id} moved down")
            floors[owner] = (store.created[order.client_id], level)


def _over(store: Store, owner: Owner, first: datetime, until: int) -> bool:
    """Whether between two moments a stop of `owner` has filled or the end of its position was decided."""
    last = EPOCH + timedelta(milliseconds=until)
    ends = any(d.owner == owner and not d.decision.target and first <= d.at <= last for d in store.decisions.values())
    stops = {
        o.client_id
        for o in store.orders.values()
        if o.request.key.leg is Leg.STOP and (o.request.strategy, o.request.symbol) == owner
    }
    return ends or any(f.client_id in stops and first <= f.ts <= last for f in store.fills.values())
