"""Random situations of a decision: each is drawn from its own number, and many stand at the edge of a rule."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

from tests.unit.trading.made import INSTRUMENT, NOW, account, signal
from tests.unit.trading.oracle import Situation
from trading.account import Account
from trading.instrument import Instrument
from trading.limits import MOST_LEGS, Limits
from trading.order import OrderState, Side
from trading.quote import Quote
from trading.signal import Signal

D = Decimal
ZERO, ONE = D(0), D(1)
TINY = D("0.00000001")
TICKS = tuple(map(D, ("0.01", "0.01", "0.1", "0.5", "1", "0.0005", "0.25", "0.00001")))
LOTS = tuple(map(D, ("0.001", "0.001", "0.00001", "0.1", "0.025", "0.5", "1", "10")))
#: In the last ones, and in 10m, the root of the bars a day is a whole number or one over it.
TIMEFRAMES = ("1m", "5m", "15m", "1h", "4h", "1w", "3d", "6h", "1d", "90m", "10m", "4d")
STATES = (*[OrderState.ACKED] * 12, *[OrderState.PARTIAL] * 4, OrderState.INTENT, OrderState.PENDING_CANCEL)
SECOND = timedelta(seconds=1)


def near(r: Random, value: Decimal, unit: Decimal) -> Decimal:
    """Return `value`, or one unit beside it."""
    return value + unit * r.choice((-1, 0, 0, 1))


def share(r: Random) -> Decimal:
    return D(r.randrange(10_001)).scaleb(-4)


def steps(value: Decimal, step: Decimal) -> Decimal:
    """Return a value of about `value` in whole steps."""
    return int(value / step) * step


def sometimes(r: Random, chance: float, value: Any, other: Any) -> Any:
    return value if r.random() < chance else other


def instrument(r: Random) -> tuple[Instrument, Decimal]:
    """Return an instrument and a price: seldom halted, seldom without least sizes."""
    tick, lot = r.choice(TICKS), r.choice(LOTS)
    price = tick * r.choice((r.randrange(5, 60), r.randrange(100, 5000), r.randrange(1000, 300_000)))
    least = lot * r.choice((1, 1, 1, 2, 10))
    worth = steps(price * lot * r.choice((1, 3, 10, 40)), TINY)
    if r.random() < 0.08:
        least, worth = r.choice(((ZERO, worth), (least, ZERO), (ZERO, ZERO)))
    status = sometimes(r, 0.03, r.choice(("HALT", "BREAK")), "TRADING")
    made = replace(INSTRUMENT, tick=tick, lot=lot, min_quantity=least, min_notional=worth, status=status)
    return made, price + sometimes(r, 0.05, tick * D("0.37"), ZERO)


def limits(r: Random, equity: Decimal) -> Limits:
    """Return limits of which each binds now and then."""
    buffer = r.choice((ZERO, D("0.02"), D("0.02"), D("0.05"), D("0.2")))
    return Limits(
        target_volatility=r.choice((D("0.005"), D("0.02"), D("0.06"), ONE)),
        max_position=min(r.choice((D("0.1"), D("0.3"), D("0.5"), D("0.8"), ONE, ONE)), 1 - buffer),
        max_order_value=max(steps(equity * r.choice((D("0.1"), D("0.4"), 2, 10, 10, 10)), TINY), TINY),
        max_drawdown=r.choice((D("0.05"), D("0.2"), D("0.5"), ONE)),
        max_loss=r.choice((ONE, ONE, D("0.5"), D("0.1"), D("0.02"))),
        max_legs=r.choice((MOST_LEGS, MOST_LEGS, 5, 2, 1)),
        leg_spacing=r.choice((ZERO, ZERO, D("0.005"), D("0.05"))),
        price_collar=r.choice((D("0.01"), D("0.1"), D("0.1"), D("0.5"))),
        min_rebalance=r.choice((ZERO, D("0.01"), D("0.05"), D("0.05"), D("0.25"))),
        cash_buffer=buffer,
    )


def holder(r: Random, made: Instrument, price: Decimal) -> tuple[Account, Decimal]:
    """Return a sub-account without orders and its equity: any part of it held, seldom less than nothing."""
    equity = price * made.lot * r.choice((3, 50, 1000, 20_000)) * r.randrange(5, 30)
    held = r.choice((ZERO, ZERO, share(r), share(r), share(r), ONE)) * equity
    lots = held / price // made.lot * made.lot
    lots += sometimes(r, 0.2, made.lot * r.choice((D("0.37"), D("0.001"), -D("0.5"))), ZERO)
    cash = equity - lots * price + sometimes(r, 0.2, D(r.randrange(10**6)).scaleb(-6), ZERO)
    if r.random() < 0.06:
        cash = r.choice((ZERO, -TINY, -equity / 8, -3 * equity))
    lost, owed = sometimes(r, 0.04, lots / 4, ZERO), sometimes(r, 0.04, abs(cash) / 4, ZERO)
    since = NOW - timedelta(minutes=r.randrange(1, 60))
    refused = sometimes(r, 0.2, r.randrange(7), 0)
    fields: dict[str, Any] = {
        "cash": cash - owed,
        "reserved_cash": owed,
        "position": lots - lost,
        "reserved_position": lost,
        "peak_equity": r.choice((ZERO, equity, equity, equity * D("1.04"), equity * D("1.15"), equity * D("1.4"))),
        "entry_gate_open": r.random() > 0.08,
        "gate_reason": "halt of all",
        "stopped_at": sometimes(r, 0.08, since + r.choice((-1, 0, 1)) * SECOND, None),
        "taken_at": sometimes(r, 0.12, since + r.choice((-1, 0, 1)) * SECOND, None),
        "refused": refused,
        "stops_refused": sometimes(r, 0.7, r.randrange(refused + 1), refused),
        **legs(r, price),
    }
    return account(**fields), equity


def legs(r: Random, price: Decimal) -> dict[str, Any]:
    """Return how many entries a position has and where the newest was: none now and then."""
    number = r.choice((0, 1, 1, 2, 5, MOST_LEGS))
    away = D(r.randrange(-60, 61)).scaleb(-3)
    return {"legs": number, "leg_price": max(price * (1 + away), TINY) if number else None}


def quotes(r: Random, price: Decimal, tick: Decimal, sides: tuple[Side, ...]) -> tuple[Quote, ...]:
    """Return up to nine quotes around `price`; some share a tick, some stand on the wrong side of the market."""
    made: dict[Decimal, Quote] = {}
    for _ in range(r.randrange(1, 10)):
        side = r.choice(sides)
        away = D(r.choice((r.randrange(1, 60), r.randrange(1, 600), -r.randrange(60)))).scaleb(-3)
        at = steps(price * (1 + away if side is Side.SELL else 1 - away), tick)
        at += sometimes(r, 0.2, tick * D("0.3"), ZERO)
        if at > 0 or r.random() < 0.1:
            made[at] = Quote(side, at, share(r))
    return tuple(made.values())


def wanted(r: Random, made: Instrument, price: Decimal, of: Account, equity: Decimal) -> Signal:
    """Return a signal: an exposure with a stop or with profit targets, or quotes alone."""
    kind = r.choice(("stop", "stop", "bare", "targets", "grid", "bids"))
    held = D(round((of.position + of.reserved_position) * price / equity, 4))
    exposure = r.choice((ZERO, ONE, share(r), share(r), min(max(near(r, held, D("0.01")), ZERO), ONE)))
    asked: tuple[Quote, ...] = ()
    if kind in ("targets", "grid", "bids"):
        sides = {"targets": (Side.SELL,), "grid": (Side.BUY, Side.SELL), "bids": (Side.BUY,)}[kind]
        asked = quotes(r, price, made.tick, sides)
    reference = price * r.choice((ONE, ONE, D("0.997"), D("1.02"), D("1.02"), D("0.8"), D("1.3")))
    stop = r.choice((D("0.1"), D("0.0173"), D("0.001"), D("0.5"), ONE, ZERO))
    return signal(
        decided_at=of.stopped_at or of.taken_at or NOW - timedelta(minutes=9),
        valid_until=NOW + r.choice((*[20] * 20, 1, 0, -1)) * SECOND,
        exposure=None if kind in ("grid", "bids") else exposure,
        stop=stop if kind == "stop" or (kind == "bids" and r.random() < 0.6) else None,
        volatility=sometimes(r, 0.01, ZERO, D(r.choice((1, 30, 150, 700, 2400))).scaleb(-5)),
        reference_price=sometimes(r, 0.01, ZERO, reference),
        timeframe=r.choice(TIMEFRAMES),
        quotes=asked,
        reason=sometimes(r, 0.9, "why", ""),
    )


def plain(r: Random) -> Situation:
    """Return a situation in which nothing works."""
    made, price = instrument(r)
    of, equity = holder(r, made, price)
    told = wanted(r, made, price, of, equity)
    if of.stopped_at:
        told = replace(told, decided_at=of.stopped_at + r.choice((-1, 0, 0, 1)) * SECOND)
    elif of.taken_at:
        told = replace(told, decided_at=of.taken_at + r.choice((-1, 0, 0, 1)) * SECOND)
    bare = made.min_quantity == 0 or made.min_notional == 0
    price = sometimes(r, 0 if bare else 0.01, r.choice((ZERO, -made.tick)), price)
    return Situation(told, of, made, price, NOW, limits(r, equity), r.choice((1, 1, 2, 3)))
