"""Attribution: what each sub-account, strategy or symbol contributed; parts add up to the book exactly."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal, localcontext

from trading.money import CONTEXT, ZERO
from trading.performance.closes import Close, known_at
from trading.performance.holding import Holding, Owner, holdings, price_of
from trading.performance.movement import Movement
from trading.performance.period import Period
from trading.performance.round_trips import RoundTrip


@dataclass(frozen=True)
class Share:
    """One part of the book, all in quote. At the opening and the closing of a period; the rest since the beginning.

    closing - opening = deposited + pnl; closing = deposits + realised + unrealised. Profits are after fees.
    """

    opening: Decimal = ZERO
    closing: Decimal = ZERO
    deposited: Decimal = ZERO
    fees: Decimal = ZERO
    traded: Decimal = ZERO
    position: Decimal = ZERO
    deposits: Decimal = ZERO
    realised: Decimal = ZERO
    unrealised: Decimal = ZERO
    fees_since_start: Decimal = ZERO

    @property
    def pnl(self) -> Decimal:
        """What was earned in the period, after fees."""
        return self.closing - self.opening - self.deposited

    @property
    def pnl_since_start(self) -> Decimal:
        """What was earned since the beginning, after fees."""
        return self.realised + self.unrealised

    def __add__(self, other: "Share") -> "Share":
        """Return both together."""
        return Share(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(Share)))


@dataclass(frozen=True)
class Breakdown:
    """The shares of all sub-accounts, and every round trip up to the end of the period."""

    shares: Mapping[Owner, Share]
    trips: Sequence[RoundTrip]

    @property
    def total(self) -> Share:
        """The whole book."""
        return _sum(self.shares.values())

    def by(self, part: Callable[[Owner], str]) -> dict[str, Share]:
        """Return the shares added up by what `part` says of (strategy, symbol), in its order."""
        names = sorted({part(owner) for owner in self.shares})
        return {name: _sum(share for owner, share in self.shares.items() if part(owner) == name) for name in names}


def breakdown(movements: Sequence[Movement], closes: Iterable[Close], period: Period) -> Breakdown:
    """Return what every sub-account had at both ends of `period` and did in between.

    Raises:
        BadData: something is held of which no close is known.
    """
    times = [period.opens, period.closes]
    moments = zip(known_at(closes, times), holdings(movements, times, period.start), strict=True)
    with localcontext(CONTEXT):
        prices, held = next(moments)
        before = {owner: _opened(owner, holding, prices) for owner, holding in held.items()}
        prices, held = next(moments)
        shares = {owner: _closed(owner, holding, prices, before.get(owner, Share())) for owner, holding in held.items()}
    trips = (trip for holding in held.values() for trip in holding.trips)
    return Breakdown(shares, sorted(trips, key=lambda trip: (trip.closed, trip.strategy, trip.symbol)))


def _opened(owner: Owner, holding: Holding, prices: Mapping[str, Decimal]) -> Share:
    """Return what stands at the opening: the totals until then, to be taken off those of the closing."""
    opening = holding.equity(price_of(owner[1], holding, prices))
    return Share(opening=opening, deposited=holding.deposits, fees=holding.fees, traded=holding.traded)


def _closed(owner: Owner, holding: Holding, prices: Mapping[str, Decimal], before: Share) -> Share:
    price = price_of(owner[1], holding, prices)
    return Share(
        opening=before.opening,
        closing=holding.equity(price),
        deposited=holding.deposits - before.deposited,
        fees=holding.fees - before.fees,
        traded=holding.traded - before.traded,
        position=holding.value(price),
        deposits=holding.deposits,
        realised=holding.realised,
        unrealised=holding.unrealised(price),
        fees_since_start=holding.fees,
    )


def _sum(shares: Iterable[Share]) -> Share:
    with localcontext(CONTEXT):
        return sum(shares, Share())
