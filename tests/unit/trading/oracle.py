"""What a decision must be, told a second time from the documents alone: whole lots, whole ticks and exact fractions.

Quantities are counted in lots, prices in ticks, money in grains: one grain buys one lot at one tick. Nothing is
rounded but where a rule says so: a quantity to whole lots towards zero, the level of a stop to the nearest tick, halves
to even, a bid down and an ask up to a tick. `trading.money` rounds each quotient to 50 digits, halves to even. That is
the same: two amounts that differ do so within their first 50 digits when none has more than some twenty, and a sum or
product of such amounts is exact. The one exception is a scale such as 1/3 that meets a lot border, see `_border`.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal
from fractions import Fraction
from math import ceil, isqrt
from typing import Any

from trading.account import Account
from trading.instrument import Instrument
from trading.limits import Limits
from trading.order import Leg, Order, OrderState, OrderType, Side
from trading.quote import Quote
from trading.signal import Signal

#: Where trading/ departs from its documents today. Without a name here the oracle demands the rule.
SECONDS = {"m": 60, "h": 3600, "d": 86400, "w": 604800}
SIDES = {-1: "below", 0: "at", 1: "above"}
UNSETTLED = (OrderState.INTENT, OrderState.SENDING, OrderState.UNKNOWN, OrderState.PENDING_CANCEL)
LAST_REFUSAL, LAST_STOP_REFUSAL = 2, 4
WIDE = Context(prec=200)


@dataclass(frozen=True)
class Situation:
    """All that a decision is told."""

    signal: Signal
    account: Account
    instrument: Instrument
    price: Decimal
    now: datetime
    limits: Limits
    number: int


@dataclass(frozen=True)
class Wish:
    """One order as it must be asked for: `lots`, `limit` and `stop` in whole steps."""

    leg: Leg
    level: int
    type: OrderType
    lots: Fraction
    limit: Fraction | None = None
    stop: Fraction | None = None


@dataclass(frozen=True)
class Expected:
    """The decision; `target` in lots, `cancels` by client id, `touched` names the special rules that counted."""

    verdict: str
    reason: str
    target: Fraction
    wishes: tuple[Wish, ...] = ()
    cancels: tuple[str, ...] = ()
    touched: tuple[str, ...] = field(default=(), compare=False)


class Refused(Exception):
    """An answer of no, with its reason."""


def plain(value: Fraction | Decimal | int) -> str:
    """Return a number of finite digits without exponent and without trailing zeros."""
    exact = Fraction(value)
    number = WIDE.divide(Decimal(exact.numerator), Decimal(exact.denominator))
    shown = format(number, "f")
    return (shown.rstrip("0").rstrip(".") if "." in shown else shown) if number else "0"


def fifty(value: Fraction) -> Fraction:
    """Return `value` >= 0 with its first 50 digits, halves to even."""
    unit = Fraction(10) ** (len(str(value.numerator)) - len(str(value.denominator)) - 50)
    while value / unit >= 10**50:
        unit *= 10
    return round(value / unit) * unit


def windows(closure: str, now: datetime) -> list[tuple[datetime, datetime]]:
    """Return the windows of `closure` that may hold at `now`: the one, or those that begin today or yesterday."""
    if "/" in closure:
        begin, end = (datetime.fromisoformat(each).replace(tzinfo=UTC) for each in closure.split("/"))
        return [(begin, end)]
    days, _, times = closure.partition(" ")
    names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    first, _, last = ("mon-sun" if days == "daily" else days).partition("-")
    # Two weeks in a row hold every stretch of days, also one over a Sunday.
    twice = [*names, *names][names.index(first) :]
    listed = twice[: twice.index(last or first) + 1]
    (hour, minute), (until_hour, until_minute) = (
        map(int, each.split(":")) for each in (times or "00:00-24:00").split("-")
    )
    begin, end = timedelta(hours=hour, minutes=minute), timedelta(hours=until_hour, minutes=until_minute)
    end += timedelta(days=1) if end <= begin else timedelta()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    starts = [day for day in (midnight - timedelta(days=1), midnight) if names[day.weekday()] in listed]
    return [(day + begin, day + end) for day in starts]


class Oracle:
    """The rules about one situation; `expected` is their answer."""

    def __init__(self, told: Situation) -> None:
        self.told, self.signal, self.account, self.limits = told, told.signal, told.account, told.limits
        self.lot, self.tick = Fraction(told.instrument.lot), Fraction(told.instrument.tick)
        grain = self.lot * self.tick
        self.price = Fraction(told.price) / self.tick
        self.free = Fraction(self.account.position) / self.lot
        self.held = self.free + Fraction(self.account.reserved_position) / self.lot
        self.cash = Fraction(self.account.cash) / grain
        self.money = self.cash + Fraction(self.account.reserved_cash) / grain
        self.least_lots = Fraction(told.instrument.min_quantity) / self.lot
        self.least_worth = Fraction(told.instrument.min_notional) / grain
        self.largest = Fraction(self.limits.max_order_value) / grain
        self.reference = Fraction(self.signal.reference_price) / self.tick
        self.buffer, self.collar = Fraction(self.limits.cash_buffer), Fraction(self.limits.price_collar)
        self.touched: list[str] = []
        self.over = self.compare("valid until", told.now, self.signal.valid_until) >= 0
        stopped, taken, since = self.account.stopped_at, self.account.taken_at, self.signal.decided_at
        self.stopped = stopped is not None and self.compare("stopped at", stopped, since) >= 0
        self.taken = taken is not None and self.compare("taken at", taken, since) >= 0
        peak = Fraction(self.account.peak_equity) / grain
        drawn_below = peak * (1 - Fraction(self.limits.max_drawdown))
        self.drawn = peak > 0 and self.compare("drawdown", self.equity(self.price), drawn_below) < 0
        self.shut = next((each for each in self.limits.closed if self._within(each)), None)
        self.stop = self._stop()
        self.of: dict[Leg, list[Order]] = {leg: [] for leg in Leg}
        for order in self.account.working:
            self.of[order.request.key.leg].append(order)

    def compare(self, name: str, left: Any, right: Any) -> int:
        """Return -1, 0 or 1 as `left` is below, at or above `right`, and remember that this side was seen."""
        side = (left > right) - (left < right)
        self.touched.append(f"{name}: {SIDES[side]}")
        return side

    def equity(self, price: Fraction) -> Fraction:
        return self.money + self.held * price

    def sendable(self, lots: Fraction, price: Fraction) -> bool:
        """Whether the venue takes it: an order is of something, of the least quantity and of the least value."""
        fits = self.compare("least quantity", lots, self.least_lots) >= 0
        fits = fits and self.compare("least value", lots * price, self.least_worth) >= 0
        if fits and lots <= 0:
            self.touched.append("order of nothing")
        return fits and lots > 0

    def sized(self, exposure: Decimal, price: Fraction) -> tuple[Fraction, list[str]]:
        """Return exposure x equity, less in a wild market, at most the largest position; and what lowered it."""
        volatility, calm = Fraction(self.signal.volatility), Fraction(self.limits.target_volatility)
        if price <= 0 or volatility <= 0:
            raise Refused(f"no_reference: price {plain(price * self.tick)}, volatility {plain(self.signal.volatility)}")
        affords = max(self.equity(price), Fraction(0)) / price
        wanted, notes = affords * Fraction(exposure), list[str]()
        bar = int(self.signal.timeframe[:-1]) * SECONDS[self.signal.timeframe[-1]]
        # The square of the scale: volatility grows with the root of the bars a day, and a root is no fraction.
        square = calm**2 * bar / (volatility**2 * 86400)
        if self.compare("volatility", square, 1) < 0:
            exact = wanted**2 * square
            lots = isqrt(int(exact))
            lots = self._border(lots, exposure, price, calm, volatility, bar) if lots**2 == exact and lots else lots
            notes += ["volatility_target"] if exposure > 0 else []
        else:
            lots = int(wanted)
        most = int(affords * Fraction(self.limits.max_position))
        if self.compare("position", lots, most) > 0:
            return Fraction(most), [*notes, "position_limit"]
        return Fraction(lots), notes

    def _border(
        self, lots: int, exposure: Decimal, price: Fraction, calm: Fraction, volatility: Fraction, bar: int
    ) -> int:
        """Return `lots`, or one less where 50 digits do not reach them: a third of three is 0.99...9."""
        self.touched.append("lot border")
        bars = Fraction(86400, bar)
        root = Fraction(isqrt(bars.numerator), isqrt(bars.denominator))
        scale = fifty(calm / fifty(volatility * root))
        value = fifty(self.equity(price) * self.lot * self.tick * Fraction(exposure) * scale)
        return int(fifty(fifty(value / (price * self.tick)) / self.lot))

    def goal(self) -> tuple[Fraction, list[str]]:
        """Return the holding that is wanted now, and what changed it. No cap sells; it only ends growth."""
        if self.over:
            return self.held, ["expired"]
        if self.stopped:
            return Fraction(0), ["stopped_out"]
        if self.signal.exposure is None:
            return self.held, []
        lots, notes = self.sized(self.signal.exposure, self.price)
        lots, notes = self.risked(lots, notes, self.price)
        caps = {
            "drawdown_guard": self.drawn,
            f"trading_hours:{self.shut}": self.shut is not None,
            **self._legs(),
            "profit_taken": self.taken,
            f"gate_closed:{self.account.gate_reason}": not self.account.entry_gate_open,
        }
        for name in [name for name, holds in caps.items() if holds]:
            if lots > self.held:
                lots, notes = self.held, [*notes, name]
        return lots, notes

    def _legs(self) -> dict[str, bool]:
        """Return whether the position has as many legs as it may have, or else whether its last one is too near."""
        last = self.account.leg_price
        if last is None or self.compare("a position", self.held, max(self.least_lots, Fraction(1))) < 0:
            return {}
        most = self.limits.max_legs
        if self.compare("legs", Fraction(self.account.legs), most) >= 0 and most != 1000:
            return {"max_legs": True}
        apart = abs(self.price * self.tick - Fraction(last))
        near = self.compare("spacing", apart, Fraction(last) * Fraction(self.limits.leg_spacing)) < 0
        return {"leg_spacing": near}

    def _stop(self) -> Fraction | None:
        """Return where a stop belongs, in ticks: at its distance, and not below where it was; None for none."""
        if self.signal.stop is None:
            return None
        level = Fraction(round(self.reference * (1 - Fraction(self.signal.stop))))
        floor = None if self.account.stop_floor is None else Fraction(self.account.stop_floor) / self.tick
        return level if floor is None or floor <= level else Fraction(ceil(floor))

    def risked(self, lots: Fraction, notes: list[str], price: Fraction) -> tuple[Fraction, list[str]]:
        """Return `lots`, grown no further than a fall from `price` to the stop may cost; none grow behind it."""
        share = Fraction(self.limits.max_loss)
        if share == 1:
            return lots, notes
        loss = price - max(self.stop or Fraction(0), Fraction(0))
        lost = max(self.equity(self.price), Fraction(0)) * share
        most = max(self.held, Fraction(int(lost / loss) if self.compare("behind the stop", loss, 0) > 0 else 0))
        return (most, [*notes, "risk_at_stop"]) if self.compare("loss", lots, most) > 0 else (lots, notes)

    def rungs(self) -> dict[tuple[Leg, Fraction], Fraction]:
        """Return the lots that shall rest at each price, nearest first, each from where the one before it ends."""
        if self.over or self.stopped or not self.account.entry_gate_open:
            return {}
        wanted = [(quote, self._level(quote)) for quote in self.signal.quotes]
        wanted.sort(key=lambda one: one[0].price)
        made: defaultdict[tuple[Leg, Fraction], Fraction] = defaultdict(Fraction)
        held, money = self.held, self.money
        for quote, level in reversed([one for one in wanted if one[0].side is Side.BUY]):
            price = Fraction(Fraction(quote.price) // self.tick)
            if price > 0 and level > held:
                lots = Fraction(int(min(level - held, money / (price * (1 + self.buffer)))))
                if self.sendable(lots, price):
                    made[Leg.BID, price] += lots
                    held, money = held + lots, money - lots * price * (1 + self.buffer)
        held = self.held
        for quote, level in [one for one in wanted if one[0].side is Side.SELL]:
            price = Fraction(-(-Fraction(quote.price) // self.tick))
            lots = Fraction(int(max(held - level, Fraction(0))))
            if self.sendable(lots, price):
                made[Leg.ASK, price] += lots
                held -= lots
        return dict(made)

    def _level(self, quote: Quote) -> Fraction:
        price = Fraction(quote.price) / self.tick
        lots, _ = self.sized(quote.exposure, price)
        if quote.side is Side.BUY:
            lots, _ = self.risked(lots, [], price)
        grows = quote.side is Side.BUY and (self.drawn or self.shut is not None)
        return min(lots, self.held) if grows else lots

    def _within(self, closure: str) -> bool:
        """Whether one of the days around now has a window of `closure` that now lies in."""
        within = False
        for begin, end in windows(closure, self.told.now):
            opened = self.compare("closing", self.told.now, begin)
            within |= opened >= 0 > self.compare("reopening", self.told.now, end)
        return within

    def refusal(self, wishes: Sequence[Wish]) -> str:
        """Return the first rule of compliance that an order breaks, "" for none."""
        return next((broken for wish in wishes if (broken := self._broken(wish))), "")

    def _broken(self, wish: Wish) -> str:
        instrument, price, limit = self.told.instrument, self.price, wish.limit
        sells, own = wish.leg in (Leg.EXIT, Leg.STOP, Leg.ASK), wish.limit if wish.limit is not None else wish.stop
        beyond = 0 if limit is None or price <= 0 else (price - limit if sells else limit - price) / price
        away = 0 if self.reference <= 0 else abs(price - self.reference) / self.reference
        lots, market, at = wish.lots * self.lot, self.told.price, (limit or price) * self.tick
        told, symbol = self.signal.reference_price, instrument.symbol
        rules: tuple[tuple[bool, str, tuple[Any, ...]], ...] = (
            (price <= 0, "no_reference: market price {}", (market,)),
            (instrument.status != "TRADING", f"instrument_status: {symbol} is {instrument.status}", ()),
            (wish.lots < self.least_lots or wish.lots % 1 != 0, "quantity_step: {} of " + symbol, (lots,)),
            (own is not None and (own <= 0 or own % 1 != 0), "price_step: {} of " + symbol, ((own or 0) * self.tick,)),
            (
                limit is not None and self.compare("limit collar", beyond, self.collar) > 0,
                "price_collar: limit {} against market {}",
                (at, market),
            ),
            (
                wish.lots * (limit or price) < self.least_worth,
                "min_notional: {} x {} < {}",
                (lots, at, instrument.min_notional),
            ),
            (not sells and self.reference <= 0, "no_reference: signal price {}", (told,)),
            (
                not sells and self.compare("collar", away, self.collar) > 0,
                "price_collar: market {} against signal {}",
                (market, told),
            ),
            (
                not sells and self.compare("largest order", wish.lots * price, self.largest) > 0,
                "max_order_value: {} x {} > {}",
                (lots, market, self.limits.max_order_value),
            ),
        )
        return next((said.format(*map(plain, numbers)) for broken, said, numbers in rules if broken), "")
