"""The identification rules of the United Kingdom: same day, then thirty days, then the section 104 pool.

Source: Taxation of Chargeable Gains Act 1992, section 105(1) (a day's acquisitions are one, its disposals are one),
106A(5) (acquisitions in the thirty days after a disposal, the earlier disposal first, the earlier acquisition first),
104 (the pool).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta, tzinfo
from decimal import Decimal

from trading.money import ONE
from trading.tax.apportion import apportion, part
from trading.tax.balances import Balances
from trading.tax.computation import Remaining
from trading.tax.country import Country
from trading.tax.events import Event
from trading.tax.gain import Gain, Piece, Rule, realised
from trading.tax.section_104 import Pool
from trading.tax.trading_day import TradingDay, trading_days

_WINDOW = timedelta(days=30)


def identify(events: Sequence[Event], country: Country, zone: tzinfo) -> tuple[list[Gain], list[Remaining], Balances]:
    """Return the gains by time, the pools that are left and what each wallet holds; `events` must be in order.

    Raises:
        BadData: a disposal is explained by neither the day, the thirty days nor the pool.
    """
    balances = Balances()
    for event in events:
        balances.apply(event)
    gains: list[Gain] = []
    remaining: list[Remaining] = []
    for asset, days in trading_days(events, zone).items():
        _same_day(days)
        _thirty_days(days)
        pool = Pool(asset)
        for day in days:
            pool.pass_day(day)
        gains += [gain for day in days for gain in _gains(day, country, zone)]
        if pool.quantity:
            remaining.append(Remaining(None, pool.lot()))
    return sorted(gains, key=lambda gain: gain.ts), remaining, balances


def _same_day(days: Sequence[TradingDay]) -> None:
    for day in days:
        if matched := min(day.free, day.due):
            _lend(day, day, Rule.SAME_DAY, matched, matched)


def _thirty_days(days: Sequence[TradingDay]) -> None:
    for place, sold in enumerate(days):
        old, new = ONE, ONE
        for bought in days[place + 1 :]:
            if bought.day > sold.day + _WINDOW or not sold.due:
                break
            for split in bought.splits:
                old, new = old * split.old, new * split.new
            wanted = part(sold.due, new, old)
            if bought.free and wanted <= bought.free:
                _lend(sold, bought, Rule.THIRTY_DAYS, sold.due, wanted)
            elif bought.free:
                _lend(sold, bought, Rule.THIRTY_DAYS, part(bought.free, old, new), bought.free)


def _lend(sold: TradingDay, bought: TradingDay, rule: Rule, quantity: Decimal, units: Decimal) -> None:
    """Identify `quantity` of what was sold with `units` of what was bought: one amount, in the units of each day."""
    cost = part(bought.free_cost, units, bought.free)
    piece = Piece(rule, quantity, cost, bought.lot_id, bought.acquisitions[0].ts)
    sold.pieces.append(piece)
    sold.due -= quantity
    bought.free -= units
    bought.free_cost -= cost
    if sold is not bought:
        bought.lent.append((piece, units))


def _gains(day: TradingDay, country: Country, zone: tzinfo) -> list[Gain]:
    """Return the gains of a day: each piece is shared by all that went out on it, in proportion."""
    left = day.units
    shares: list[list[Piece]] = [[] for _ in left]
    for piece in day.pieces:
        quantities = apportion(piece.quantity, left)
        costs = apportion(piece.cost, quantities)
        left = [before - quantity for before, quantity in zip(left, quantities, strict=True)]
        for share, quantity, cost in zip(shares, quantities, costs, strict=True):
            if quantity:
                share.append(replace(piece, quantity=quantity, cost=cost))
    gains: list[Gain] = []
    for gone, share in zip(day.outgoings, shares, strict=True):
        gains += realised(gone, _told(gone.quantity, share), country, zone)
    return gains


def _told(quantity: Decimal, pieces: Sequence[Piece]) -> list[Piece]:
    """Return the pieces in the units of the disposal, which may have come before a split of its day."""
    quantities = apportion(quantity, [piece.quantity for piece in pieces])
    return [replace(piece, quantity=units) for piece, units in zip(pieces, quantities, strict=True)]
