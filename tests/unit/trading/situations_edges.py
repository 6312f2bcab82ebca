"""Situations moved to exactly where a rule begins or ends, and to just beside it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from random import Random

from tests.unit.trading.oracle import Situation
from tests.unit.trading.oracle_steps import expected
from tests.unit.trading.situations import ONE, TINY, ZERO, D, near, plain, quotes, sometimes, steps
from tests.unit.trading.situations_orders import evolved, with_orders, works
from trading.limits import Limits
from trading.order import Leg, OrderState, Side


def situation(number: int) -> Situation:
    """Return the situation of this number."""
    r = Random(number)
    of = plain(r)
    if r.random() < 0.5:
        of = evolved(r, of)
    if r.random() < 0.45:
        of = r.choice(EDGES)(r, of)
    return of


def collar(r: Random, of: Situation) -> Situation:
    reference = max(of.price, of.instrument.tick)
    price = near(r, reference * (1 + r.choice((-1, 1)) * of.limits.price_collar), TINY)
    return replace(of, price=price, signal=replace(of.signal, reference_price=reference))


def collar_of_quotes(r: Random, of: Situation) -> Situation:
    if not of.signal.quotes:
        return of
    first, *others = of.signal.quotes
    hundred = of.instrument.tick * 100
    of = replace(of, price=max(of.price // hundred, ONE) * hundred)
    away = of.limits.price_collar * (1 if first.side is Side.BUY else -1)
    at = near(r, of.price * (1 + away), of.instrument.tick)
    # Half of the time nothing but this quote: its own size must then be worth an order.
    others = sometimes(r, 0.5, [], others)
    exposure = ONE if first.side is Side.BUY else ZERO
    first = replace(first, price=at if at > 0 else first.price, exposure=exposure)
    return replace(of, signal=replace(of.signal, quotes=(first, *others)))


def largest(r: Random, of: Situation) -> Situation:
    buys = [wish for wish in expected(of).wishes if wish.leg in (Leg.ENTRY, Leg.BID)]
    if not buys:
        return of
    value = near(r, D(int(r.choice(buys).lots)) * of.instrument.lot * of.price, TINY)
    return replace(of, limits=of.limits.model_copy(update={"max_order_value": max(value, TINY)}))


def least(r: Random, of: Situation) -> Situation:
    wishes = expected(of).wishes
    if not wishes or of.price <= 0:
        return of
    wish = r.choice(wishes)
    lots = D(int(wish.lots)) * of.instrument.lot
    own = wish.limit if wish.limit is not None else wish.stop
    prices = (of.price, of.price if own is None else D(int(own)) * of.instrument.tick)
    if r.random() < 0.5:
        made = replace(of.instrument, min_quantity=near(r, lots, of.instrument.lot))
    else:
        made = replace(of.instrument, min_notional=max(near(r, lots * r.choice(prices), TINY), TINY))
    return replace(of, instrument=made)


def drawdown(r: Random, of: Situation) -> Situation:
    limit = r.choice((D("0.2"), D("0.5"), D("0.75")))
    peak = near(r, of.account.equity(of.price) / (1 - limit), TINY)
    limits = of.limits.model_copy(update={"max_drawdown": limit})
    exposure = None if of.signal.exposure is None else r.choice((ONE, D("0.9")))
    told = replace(of.signal, exposure=exposure, volatility=D("0.00001"))
    return replace(of, limits=limits, account=replace(of.account, peak_equity=max(peak, ZERO)), signal=told)


def rebalance(r: Random, of: Situation) -> Situation:
    """From h lots to h + q or h - q, which are just what is worth an order."""
    if of.signal.exposure is None or of.price <= 0 or of.account.working:
        return of
    lot, q = of.instrument.lot, r.choice((20, 50, 400))
    least_share, times = r.choice(((D("0.05"), 20), (D("0.25"), 4)))
    h = r.choice((1, 2, times // 2)) * q
    way = r.choice((-1, 1))
    goal = h + q * way
    # Part of a lot more is wanted, which does not count: the equity is then worth a little more than these whole lots.
    part, more = r.choice(((ZERO, ZERO), (way * D("0.37"), D("0.02") * times)))
    cash = near(r, (q * times - h + part + more) * lot * of.price, TINY)
    limits = of.limits.model_copy(update={"min_rebalance": least_share, "max_position": 1 - of.limits.cash_buffer})
    # A little more than the goal, and it is still reached when the equity is a little less.
    exposure = min(D(goal) / (q * times) + D("0.000001"), ONE)
    a = replace(of.account, cash=cash, position=(h - part) * lot, reserved_position=ZERO, reserved_cash=ZERO)
    return replace(of, account=a, limits=limits, signal=replace(of.signal, exposure=exposure, volatility=D("0.00001")))


def position(r: Random, of: Situation) -> Situation:
    exposure = min(near(r, of.limits.max_position, D("0.0001")), ONE)
    told = replace(of.signal, volatility=D("0.00001"), exposure=None if of.signal.exposure is None else exposure)
    return replace(of, signal=told)


def volatility(r: Random, of: Situation) -> Situation:
    """The market as wild as is wanted, or some whole times as wild: then a third or a seventh of a whole number."""
    frame, root = r.choice((("1d", ONE), ("6h", D(2)), ("90m", D(4)), ("10m", D(12)), ("4d", D("0.5"))))
    times = r.choice((1, 1, 2, 3, 7))
    wild = near(r, of.limits.target_volatility * times / root, D("0.0000001")) if times == 1 else None
    wild = wild or (of.limits.target_volatility * 100 * times / root / 100)
    exposure = of.signal.exposure
    if exposure is not None and of.price > 0 and not of.account.working:
        exposure = r.choice((ONE, D("0.5")))
        lots = D(r.randrange(1, 900) * 2 * times)
        total = lots * of.instrument.lot * of.price
        a = replace(of.account, reserved_cash=ZERO, reserved_position=ZERO, position=ZERO, cash=total)
        of = replace(of, account=a)
    return replace(of, signal=replace(of.signal, timeframe=frame, volatility=wild, exposure=exposure))


def stop(r: Random, of: Situation) -> Situation:
    """A stop just at the market, or halfway between two ticks, or held up by the one before it."""
    if of.price <= 0:
        return of
    distance, times = r.choice(((ZERO, ONE), (D("0.5"), D(2)), (D("0.2"), D("1.25"))))
    level = of.price * r.choice((ONE, ONE, D("0.9")))
    reference = (level + of.instrument.tick * r.choice((-1, -D("0.5"), 0, D("0.5"), 1))) * times
    floor = near(r, level, of.instrument.tick) + sometimes(r, 0.4, of.instrument.tick * D("0.4"), ZERO)
    a = replace(of.account, stop_floor=sometimes(r, 0.5, floor, None))
    quoted = tuple(one for one in of.signal.quotes if one.side is Side.BUY)
    told = replace(of.signal, stop=distance, reference_price=reference, quotes=quoted)
    return replace(of, account=a, signal=told, limits=of.limits.model_copy(update={"price_collar": ONE}))


def little(r: Random, of: Situation) -> Situation:
    """What the market has passed is worth an order at the level of its stop, and none at the market."""
    lots = D(int(of.account.holding / of.instrument.lot))
    if of.price <= 0 or lots <= 0 or of.account.working:
        return of
    level = steps(of.price * D("1.1"), of.instrument.tick)
    least_worth = near(r, lots * of.instrument.lot * r.choice((level, of.price)), TINY)
    made = replace(of.instrument, min_notional=least_worth)
    told = replace(of.signal, stop=D("0.5"), exposure=None, quotes=())
    return replace(of, instrument=made, account=replace(of.account, stop_floor=level), signal=told)


def kept_stop(r: Random, of: Situation) -> Situation:
    """A stop works that covers all that is held, or a lot more or less, at its level or a tick beside it."""
    lot, tick, a = of.instrument.lot, of.instrument.tick, of.account
    held = D(int(a.holding / lot)) * lot
    if a.working or held <= 0:
        return of
    distance = r.choice((D("0.1"), D("0.0173")))
    level = D(round(of.signal.reference_price * (1 - distance) / tick)) * tick
    size = max(near(r, held, lot), lot)
    order = works(Leg.STOP, 1, size, ZERO, near(r, level, tick), of, OrderState.ACKED)
    after = with_orders(of, [order])
    a = replace(after.account, position=a.holding - min(size, held), reserved_position=min(size, held))
    told = replace(of.signal, stop=distance, exposure=None, quotes=())
    return replace(after, account=a, signal=told, number=2)


def cash(r: Random, of: Situation) -> Situation:
    """Cash for just so many lots, and more of it reserved than free; or less than nothing is free."""
    if of.price <= 0 or of.account.working:
        return of
    limits = of.limits.model_copy(update={"cash_buffer": D("0.2"), "max_position": D("0.8")})
    pays = near(r, r.choice((0, 1, 40, 3000)) * of.instrument.lot * of.price * D("1.25"), TINY)
    exposure = None if of.signal.exposure is None else ONE
    told = replace(of.signal, exposure=exposure, volatility=D("0.00001"))
    a = replace(of.account, cash=pays * r.choice((1, 1, -1)), reserved_cash=abs(pays) * 3)
    return replace(of, account=a, limits=limits, signal=told)


def dust(r: Random, of: Situation) -> Situation:
    """An exit of what a lost order has reserved but for about the least that can be sent."""
    a, least_lots = of.account, max(of.instrument.min_quantity, of.instrument.lot)
    if a.working:
        return of
    free = max(near(r, r.choice((least_lots, least_lots * 20)), of.instrument.lot), ZERO)
    a = replace(a, position=free, reserved_position=least_lots * r.choice((0, 30, 5000)))
    exposure = None if of.signal.exposure is None else ZERO
    return replace(of, account=a, signal=replace(of.signal, exposure=exposure))


def grid_changed(r: Random, of: Situation) -> Situation:
    """The venue's steps are others than those that the orders were made with."""
    made = of.instrument
    made = replace(made, tick=made.tick * r.choice((2, 5, D("0.2"))), lot=made.lot * r.choice((1, 2, 5)))
    return replace(of, instrument=made)


def cheap_bids(r: Random, of: Situation) -> Situation:
    """Bids far below the market want more than the cash pays for after those above them; seldom less than a tick."""
    if of.signal.exposure is not None or of.price < 50 * of.instrument.tick:
        return of
    asked = quotes(r, of.price, of.instrument.tick, (Side.BUY,))
    at = r.choice((steps(of.price * D("0.4"), of.instrument.tick),) * 3 + (of.instrument.tick * D("0.4"),))
    deep = (replace(asked[0], price=at, exposure=ONE),) if asked else ()
    return replace(of, signal=replace(of.signal, quotes=(*asked, *deep), volatility=D("0.00001")))


def loss(r: Random, of: Situation) -> Situation:
    """A stop whose loss is just what may be lost by so many lots, or one grain beside it."""
    if of.signal.exposure is None or of.signal.quotes or of.price <= 0 or of.account.working:
        return of
    lots, depth = r.choice((20, 50, 400)), r.choice((4, 5, 20))
    away = of.price / depth
    told = replace(of.signal, stop=D(1) / depth, reference_price=of.price, exposure=ONE, volatility=D("0.00001"))
    share = r.choice((D("0.01"), D("0.05"), D("0.004")))
    equity = near(r, lots * of.instrument.lot * away / share, TINY)
    held = r.choice((ZERO, ZERO, (lots - 2) * of.instrument.lot))
    floor = r.choice((None, None, of.price, of.price - of.instrument.tick, of.price + of.instrument.tick))
    a = replace(
        of.account,
        cash=equity - held * of.price,
        position=held,
        reserved_position=ZERO,
        reserved_cash=ZERO,
        stop_floor=floor if held else None,
    )
    update = {"max_loss": share, "max_position": 1 - of.limits.cash_buffer}
    return replace(of, account=a, limits=of.limits.model_copy(update=update), signal=told)


def pyramid(r: Random, of: Situation) -> Situation:
    """The last leg just as far away as it must be, or one grain beside it; as many legs as may be, or one beside it."""
    if of.signal.exposure is None or of.price <= 0 or of.account.working:
        return of
    number, spacing, last = r.choice((1, 2, 3)), r.choice((D("0.01"), D("0.05"))), of.price
    price = near(r, last * (1 + spacing * r.choice((-1, 1))), TINY)
    least = max(of.instrument.min_quantity, of.instrument.lot)
    held = max(near(r, least * r.choice((1, 1, 50)), of.instrument.lot), ZERO)
    a = replace(
        of.account,
        position=held,
        reserved_position=ZERO,
        reserved_cash=ZERO,
        cash=(held + 1000 * of.instrument.lot) * price,
        legs=number,
        leg_price=last,
    )
    update = {"max_legs": number + r.choice((-1, 0, 1, 1, 1)) or 1, "leg_spacing": spacing}
    told = replace(of.signal, exposure=ONE, volatility=D("0.00001"))
    return replace(of, account=a, price=price, limits=of.limits.model_copy(update=update), signal=told)


def hours(r: Random, of: Situation) -> Situation:
    """Windows without new risk that begin or end now, or a minute beside it; some hold, some do not."""
    made: list[str] = []
    for _ in range(r.choice((1, 1, 2))):
        begin, length = r.choice((0, -1, 1, -90, -1300, 60)), r.choice((1, 90, 91, 1300, 1439))
        end = r.choice((begin + length, 0, 1)) if begin < 0 else begin + length
        since, until = (of.now + timedelta(minutes=each) for each in (begin, end))
        if r.random() < 0.4:
            made.append(f"{since:%Y-%m-%dT%H:%M}/{until:%Y-%m-%dT%H:%M}")
        else:
            days = r.choice(("daily", f"{since:%a}", f"{since:%a}", "mon-fri", "sat-sun", "fri-mon", "thu")).lower()
            made.append(days if r.random() < 0.2 else f"{days} {since:%H:%M}-{until:%H:%M}")
    told = of.signal
    if told.exposure is not None:
        told = replace(told, exposure=r.choice((ONE, ONE, told.exposure)), volatility=D("0.00001"))
    # A value that is not copied in is read as a person wrote it.
    closed = Limits(closed="; ".join(made)).closed  # pyright: ignore[reportArgumentType]
    return replace(of, limits=of.limits.model_copy(update={"closed": closed}), signal=told)


EDGES: tuple[Callable[[Random, Situation], Situation], ...] = (
    collar,
    collar_of_quotes,
    collar_of_quotes,
    largest,
    largest,
    least,
    drawdown,
    hours,
    hours,
    loss,
    loss,
    pyramid,
    pyramid,
    rebalance,
    position,
    volatility,
    stop,
    stop,
    kept_stop,
    little,
    cash,
    dust,
    grid_changed,
    cheap_bids,
)
