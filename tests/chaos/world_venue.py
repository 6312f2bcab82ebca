"""The venue of a simulated world: the pure exchange behind a wire that loses, delays, refuses and hides."""

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from adapters.exchange import binance_shapes as shapes
from adapters.exchange.ccxt_client import WireAnswer
from adapters.exchange.outcome import classify
from trading.errors import Denied
from trading.fill import Fill
from trading.instrument import Instrument
from trading.money import text
from trading.order import Order, OrderType, Side
from trading.ports import Known, Outcome, Unreachable, VenueOrder, Verdict
from trading.simulation.exchange import Exchange
from trading.simulation.filters import Ticket
from trading.simulation.funds import Trade
from trading.simulation.interventions import force
from trading.simulation.late import Slices
from trading.simulation.path import TickBar
from trading.simulation.working_order import WorkingOrder
from trading.timeframe import EPOCH

ACCOUNT, STRANGER = "account", "stranger-1"
D = Decimal
INSTRUMENTS = (
    Instrument("venue", "A/Q", "A", "Q", D("0.01"), D("0.001"), D("0.001"), D(5), D("0.001"), D("0.001")),
    Instrument("venue", "B/Q", "B", "Q", D("0.1"), D("0.01"), D("0.01"), D(5), D("0.001"), D("0.001")),
)
CASH = D(10_000)
START = 1_772_323_200_000
BAR_MS = 60_000
#: What the venue answers without acting; the first four say nothing about the order itself.
REFUSALS = ((400, -1021), (429, -1015), (503, -1008), (400, -2010), (400, -1013), (401, -2015))
#: Answers that prove nothing although the order was taken.
BROKEN: tuple[tuple[int | None, Any], ...] = ((None, None), (200, {}), (200, None), (503, {"code": -1000}), (504, None))
#: The kinds of faults of the wire and of the venue, drawn per world.
LIES = (
    "lose_answer",
    "close_before",
    "late_accept",
    "short_answer",
    "refuse",
    "duplicate_refused",
    "pause",
    "lag",
    "slices",
    "deaf_cancel",
    "lose_cancel",
    "no_query",
    "no_trades",
    "left_out",
    "no_price",
    "no_balances",
    "foreign",
    "late_fill",
)


class Walk:
    """Bars of a seeded random walk, one a minute, now and then none."""

    def __init__(self, seed: int, wild: int) -> None:
        self._chances = {one.symbol: random.Random(seed + number) for number, one in enumerate(INSTRUMENTS)}
        self._bars: dict[str, list[TickBar | None]] = {one.symbol: [] for one in INSTRUMENTS}
        self._closes = {one.symbol: 10_000 for one in INSTRUMENTS}
        self._wild = wild

    def bar(self, symbol: str, opened: int) -> TickBar | None:
        number, bars, chance = (opened - START) // BAR_MS, self._bars[symbol], self._chances[symbol]
        while number >= len(bars):
            if chance.random() < 0.02:
                bars.append(None)
                continue
            opening = self._closes[symbol] + chance.randint(-self._wild // 4, self._wild // 4)
            close = max(100, opening + chance.randint(-self._wild, self._wild))
            high = max(opening, close) + chance.randint(0, self._wild // 2)
            low = max(50, min(opening, close) - chance.randint(0, self._wild // 2))
            volume = chance.choice((40_000, 2_000_000, 5_000_000, 50_000_000))
            bars.append(TickBar(START + len(bars) * BAR_MS, opening, high, low, close, volume))
            self._closes[symbol] = close
        return bars[number] if number >= 0 else None

    def last_before(self, symbol: str, at: int) -> TickBar | None:
        return None


@dataclass
class Venue:
    """Answers as a venue does; `lies` gives the probability of each kind, `told` counts what struck."""

    chance: random.Random
    lies: dict[str, float]
    exchange: Exchange
    told: Counter[str] = field(default_factory=Counter)
    wire: list[tuple[str, int]] = field(default_factory=list)
    flying: list[tuple[int, Order]] = field(default_factory=list)
    paused_until: int = 0
    lag: dict[str, int] = field(default_factory=dict)

    def now(self) -> datetime:
        return EPOCH + timedelta(milliseconds=self.exchange.now)

    def strikes(self, lie: str) -> bool:
        if self.lies.get(lie) and self.chance.random() < self.lies[lie]:
            self.told[lie] += 1
            return True
        return False

    def waits(self) -> bool:
        return self.exchange.now < self.paused_until

    def send(self, order: Order) -> Outcome:
        if self.waits():
            return Outcome(Verdict.REFUSED, "NOT_SENT", "paused")
        shapes.order_parameters(order, "market")
        self.wire.append((order.client_id, self.exchange.now))
        answer = self._answer(order)
        outcome = classify(answer, order.client_id, echo="clientOrderId")
        if outcome.verdict is not Verdict.ACCEPTED:
            return outcome
        fills = shapes.fills_of_answer("venue", order, answer.body)
        return Outcome(Verdict.ACCEPTED, "", "", outcome.venue_order_id, outcome.state, outcome.filled, fills)

    def _answer(self, order: Order) -> WireAnswer:
        return self._without_acting(order) or self._after_acting(order)

    def _without_acting(self, order: Order) -> WireAnswer | None:
        """Return the answer to a request that the venue does not act on now; None when it does."""
        if self.strikes("close_before"):
            return WireAnswer(None, None, "closed")
        if self.strikes("late_accept"):
            self.flying.append((self.exchange.now + self.chance.randint(1, 4000), order))
            return WireAnswer(None, None, "no answer")
        if self.strikes("pause"):
            self.paused_until = self.exchange.now + self.chance.choice((500, 5000, 40_000))
            return WireAnswer(*_error(429, -1003))
        if self.strikes("refuse"):
            return WireAnswer(*_error(*self.chance.choice(REFUSALS)))
        return None

    def _after_acting(self, order: Order) -> WireAnswer:
        body = self._take(order)
        if self.strikes("lose_answer"):
            return WireAnswer(*self.chance.choice(BROKEN), "broken")
        if isinstance(body, Denied):
            return WireAnswer(400, {"code": -1021 if body.reason == "LATE" else -2010, "msg": str(body)}, "")
        if self.strikes("duplicate_refused"):
            return WireAnswer(400, {"code": -2010, "msg": "Duplicate order sent."}, "")
        if self.strikes("short_answer"):
            body["fills"] = body["fills"][1:]
        return WireAnswer(200, body, "")

    def _take(self, order: Order) -> dict[str, Any] | Denied:
        """Accept `order` or deny it, as the venue's engine does at this moment."""
        assert order.sent_at is not None
        sent = round((order.sent_at - EPOCH).total_seconds() * 1000)
        if not sent - 1000 <= self.exchange.now <= sent + (order.recv_window_ms or 0):
            return Denied("LATE", order.client_id)
        request = order.request
        ticket = Ticket(
            ACCOUNT,
            request.symbol,
            order.client_id,
            request.side,
            request.type,
            request.quantity,
            request.limit,
            request.stop,
        )
        slices = None
        if request.type is OrderType.MARKET and self.strikes("slices"):
            slices = Slices(self.chance.randint(1, 4), self.chance.choice((50, 900, 9000)))
        try:
            made, trades = self.exchange.place(ticket, slices)
        except Denied as refusal:
            return refusal
        if self.strikes("lag"):
            self.lag[order.client_id] = self.exchange.now + self.chance.randint(1, 14_000)
        return {
            **self._row(made),
            "transactTime": self.exchange.now,
            "fills": [_wire_fill(trade) | {"tradeId": trade.trade_id, "qty": text(trade.quantity)} for trade in trades],
        }

    def cancel(self, order: Order) -> Outcome:
        if self.waits():
            return Outcome(Verdict.REFUSED, "NOT_SENT", "paused")
        if self.strikes("deaf_cancel"):
            return classify(WireAnswer(None, None, "no answer"), order.client_id, "origClientOrderId")
        made = self.exchange.latest.get((ACCOUNT, order.request.symbol, order.client_id))
        answer = WireAnswer(*_error(400, -2011))
        if made is not None and made.open:
            self.exchange.cancel(made)
            answer = WireAnswer(200, {**self._row(made), "origClientOrderId": order.client_id}, "")
        if self.strikes("lose_cancel"):
            answer = WireAnswer(None, None, "no answer")
        return classify(answer, order.client_id, "origClientOrderId")

    def order(self, symbol: str, client_id: str) -> Known[VenueOrder | None] | Unreachable:
        if self.waits() or self.strikes("no_query"):
            return Unreachable("no answer")
        made = self.exchange.latest.get((ACCOUNT, symbol, client_id))
        if made is None or self.lag.get(client_id, 0) > self.exchange.now:
            return Known(None)
        return Known(shapes.venue_order(self._row(made), symbol, client_id))

    def open_orders(self, symbol: str) -> Known[list[VenueOrder]] | Unreachable:
        if self.waits() or self.strikes("no_query"):
            return Unreachable("no answer")
        made = self.exchange.open_orders(ACCOUNT, symbol)
        return Known([shapes.venue_order(self._row(one), symbol) for one in made])

    def fills(self, symbol: str, since: str | None) -> Known[list[Fill]] | Unreachable:
        if self.waits() or self.strikes("no_trades"):
            return Unreachable("no answer")
        first = 0 if since is None else int(since) + 1
        rows = [t for t in self.exchange.trades if t.symbol == symbol and t.trade_id >= first]
        ours = [trade for trade in rows if trade.client_id.startswith("tw-")]
        # A late fill that is left out is only seen by its balance: a person must look, and the world would not rest.
        if ours and not self.lies.get("late_fill") and self.strikes("left_out"):
            rows.remove(self.chance.choice(ours))
        return Known([shapes.fill("venue", symbol, _wire_trade(trade)) for trade in rows])

    def balances(self) -> Known[dict[str, Decimal]] | Unreachable:
        return Unreachable("no answer") if self.waits() or self.strikes("no_balances") else Known(self.holdings())

    def last_price(self, symbol: str) -> Known[Decimal] | Unreachable:
        if self.waits() or self.strikes("no_price"):
            return Unreachable("no answer")
        ticks = self.exchange.books[symbol].walk.price
        return Unreachable("no trade yet") if ticks is None else Known(ticks * self.exchange.instruments[symbol].tick)

    def holdings(self) -> dict[str, Decimal]:
        """What the venue really has of ours."""
        account = self.exchange.funds.accounts[ACCOUNT]
        sums = {c: account.free.get(c, D(0)) + account.locked.get(c, D(0)) for c in account.currencies()}
        return {currency: total for currency, total in sums.items() if total}

    def trade_as_stranger(self, symbol: str) -> None:
        """Buy a little on our account as somebody else would."""
        ticket = Ticket(ACCOUNT, symbol, "", Side.BUY, OrderType.MARKET, D("0.1"))
        try:
            self.exchange.place(ticket)
        except Denied:
            self.told["foreign"] -= 1

    def fill_late(self) -> str:
        """Fill a part of what rests or of an order that is over; return its client id, "" when it cannot be."""
        orders = [o for o in self.exchange.orders.values() if o.client_id.startswith("tw-") and o.remaining > 1]
        chosen = [o for o in orders if o.type in (OrderType.STOP_LOSS, OrderType.LIMIT)]
        if not chosen:
            return ""
        order = self.chance.choice(chosen)
        try:
            force(self.exchange, order, self.chance.randint(1, order.remaining // 2))
        except Denied:
            return ""
        return order.client_id

    def pass_time(self, milliseconds: int) -> None:
        """Let time pass, with what is on the wire arriving in its course."""
        to = self.exchange.now + milliseconds
        while self.flying and min(self.flying, key=lambda one: one[0])[0] <= to:
            arriving = min(self.flying, key=lambda one: one[0])
            self.flying.remove(arriving)
            self._walk(arriving[0])
            self._take(arriving[1])
        self._walk(to)

    def _walk(self, to: int) -> None:
        while not self.exchange.settled(to):
            self.exchange.advance(to)

    def _row(self, made: WorkingOrder) -> dict[str, Any]:
        lot = self.exchange.instruments[made.symbol].lot
        return {
            "orderId": made.order_id,
            "clientOrderId": made.client_id,
            "status": made.status.value,
            "executedQty": text(made.filled * lot),
        }


def _error(status: int, code: int) -> tuple[int, dict[str, Any], str]:
    return status, {"code": code, "msg": "no"}, "refused"


def _wire_fill(trade: Trade) -> dict[str, Any]:
    return {"price": text(trade.price), "commission": text(trade.fee), "commissionAsset": trade.fee_currency}


def _wire_trade(trade: Trade) -> Mapping[str, Any]:
    return _wire_fill(trade) | {
        "id": trade.trade_id,
        "orderId": trade.order_id,
        "qty": text(trade.quantity),
        "isBuyer": trade.side is Side.BUY,
        "time": trade.at,
    }
