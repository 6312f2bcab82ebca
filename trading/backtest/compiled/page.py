"""The kernel's way through a page of the market: slot by slot where something may happen, else many at once."""

from trading.backtest.compiled.account import Account, Fills
from trading.backtest.compiled.course import Course, Heard, heard_of, save, tally_of
from trading.backtest.compiled.idle import Calm, Signal, calm_of, leaves, passes, rises, surpasses
from trading.backtest.compiled.inputs import Floats, Known, Market, Rules
from trading.backtest.compiled.quiet import Stretch, highest, newest, out, rests, stands, within
from trading.backtest.compiled.rules import Wish, desired, holding
from trading.backtest.compiled.tally import keep, lasting, marked
from trading.backtest.compiled.trading import Bar, catch_up, onwards, raised, signal, take


def through(
    account: Account,
    course: Course,
    market: Market,
    known: Known,
    rules: Rules,
    wish: Wish,
    slot: int,
    last: int,
    fills: Fills,
    curve: Floats,
) -> None:
    """Trade the slots from `slot` to `last`, beginning and ending as `account` and `course` say."""
    rest = rules.rest / rules.quote_ones
    tally, heard, calm = tally_of(course), heard_of(course), calm_of(account, rules)
    while slot <= last:
        stretch = _quiet(account, calm, market, known, rules, wish, slot, last)
        if stretch.slot > slot:
            tally = lasting(tally, calm.cash + rest, calm.held, market.close_quote, slot - 1, stretch.slot - 1, curve)
            heard = _passed(account, calm, market, known, rules, wish, heard, slot, stretch)
            slot, calm = stretch.slot, calm_of(account, rules)
            if slot > last:
                break
        heard = _opened(account, calm, market, known, rules, wish, heard, slot, fills)
        calm = calm_of(account, rules)
        if slot > 1:
            tally = marked(tally, calm.cash + rest + calm.held * market.close_quote[slot - 1])
            keep(curve, slot - 1, tally)
        if calm.stop > 0 and calm.stop >= market.reach[slot]:
            heard = _walked(account, calm, market, known, rules, wish, heard, slot, fills)
            calm = calm_of(account, rules)
        slot += 1
    save(course, tally, heard)


def _quiet(
    account: Account, calm: Calm, market: Market, known: Known, rules: Rules, wish: Wish, slot: int, last: int
) -> Stretch:
    """Pass over as many slots from `slot` on as can be; never the first of all, which no close lies before."""
    if slot > 1 and rests(calm, market, slot):
        return Stretch(out(known, wish, slot, last), 0, -1)
    if slot > 1 and stands(account, calm, slot):
        return within(calm, market, known, rules, wish, slot, last)
    return Stretch(slot, 0, -1)


def _passed(
    account: Account,
    calm: Calm,
    market: Market,
    known: Known,
    rules: Rules,
    wish: Wish,
    heard: Heard,
    first: int,
    stretch: Stretch,
) -> Heard:
    """Bring `account` up to date after a stretch from `first` on."""
    told = newest(known, wish, first, stretch.slot)
    if told < 0:
        return heard
    most = highest(market, known, wish, first, stretch.slot) if surpasses(calm, market.top) else 0
    if most > 0 or stretch.rose >= 0:
        catch_up(account, rules, most, stretch.stop, stretch.rose)
    return Heard(told, True, told if calm.small else heard.left)


def _opened(
    account: Account,
    calm: Calm,
    market: Market,
    known: Known,
    rules: Rules,
    wish: Wish,
    heard: Heard,
    slot: int,
    fills: Fills,
) -> Heard:
    """Let the signal of `slot`, if there is one, meet its open."""
    past = slot - 1
    if known.scale[past] < 0:
        return heard
    made = _signal(calm, market, known, wish, slot)
    if not made.exposure >= 0:
        return heard
    opened, price, reference = market.opens[slot], market.open_quote[slot], market.closes[past]
    passed = passes(calm, made, price, known.closed[past])
    left = slot if passed and leaves(calm, made) else heard.left
    if not passed or rises(calm, made) or surpasses(calm, price):
        passed = passed and raised(account, rules, made, reference, opened)
        if not passed:
            take(account, made, reference, known.closed[past], left)
            signal(account, rules, slot, opened, market.depth[slot], fills)
    return Heard(slot, passed, left)


def _walked(
    account: Account,
    calm: Calm,
    market: Market,
    known: Known,
    rules: Rules,
    wish: Wish,
    heard: Heard,
    slot: int,
    fills: Fills,
) -> Heard:
    """Walk through the bar of `slot`, where the stop may be met."""
    if heard.passed:
        made = _signal(calm, market, known, wish, heard.told)
        take(account, made, market.closes[heard.told - 1], known.closed[slot - 1], heard.left)
    account.closed = known.closed[slot - 1]
    corners = market.opens[slot], market.first[slot], market.second[slot], market.closes[slot]
    following = market.lows[slot], market.opens[slot + 1], market.depth[slot + 1]
    onwards(account, rules, Bar(slot, *corners, market.depth[slot]), *following, fills)
    return Heard(heard.told, False, heard.left)


def _signal(calm: Calm, market: Market, known: Known, wish: Wish, slot: int) -> Signal:
    """Return what is wanted at the open of `slot` by whoever stands as `calm` then."""
    past = slot - 1
    close = market.close_quote[past]
    measured = wish.one[past], wish.other[past], wish.third[past], wish.fourth[past], known.volatility[past]
    exposure, distance = desired(holding(calm, close), wish.rule, wish.values, *measured)
    return Signal(slot, exposure, distance, known.scale[past], close)
