"""Other fee rates: the instrument that had them, and what fills would have paid instead."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from trading.instrument import Instrument
from trading.money import ZERO, divide, multiply, round_to
from trading.order import Side
from trading.simulation.costs import FEE_STEP, fee


@dataclass(frozen=True)
class Rates:
    """Fees as fractions (0.001 = 0.1 %); None for one that stays as it is."""

    maker: Decimal | None = None
    taker: Decimal | None = None

    def on(self, instrument: Instrument) -> Instrument:
        """Return `instrument` with these fees."""
        maker = instrument.maker_fee if self.maker is None else self.maker
        taker = instrument.taker_fee if self.taker is None else self.taker
        return replace(instrument, maker_fee=maker, taker_fee=taker)


@dataclass(frozen=True)
class Charged:
    """A fill and its fee. `received` is the currency that it brought in; `maker`: its order rested with a limit.

    `rate` is the fee that its instrument had when the order was decided, None where nobody has noted it.
    """

    side: Side
    quantity: Decimal
    price: Decimal
    fee: Decimal
    fee_currency: str
    received: str
    maker: bool
    rate: Decimal | None


@dataclass(frozen=True)
class Bill:
    """Fees in one `currency`: how many fills paid them, what they paid, what they would have paid (None: not known)."""

    currency: str
    fills: int
    was: Decimal
    would_be: Decimal | None

    @property
    def difference(self) -> Decimal | None:
        """What would have been paid more, below 0 less; None where that is not known."""
        return None if self.would_be is None else self.would_be - self.was


def bills(fills: Iterable[Charged], rates: Rates) -> list[Bill]:
    """Return what `fills` paid and would have paid under `rates`, by currency of the fee, in alphabetical order."""
    paid: defaultdict[str, list[tuple[Decimal, Decimal | None]]] = defaultdict(list)
    for fill in fills:
        paid[fill.fee_currency].append((fill.fee, would_pay(fill, rates)))
    return [_bill(currency, paid[currency]) for currency in sorted(paid)]


def would_pay(fill: Charged, rates: Rates) -> Decimal | None:
    """Return the fee of `fill` under `rates` in its currency, on 8 decimals as venues charge.

    A fee in a third currency is scaled by the rate that was charged; None where that rate is not known or was 0.
    """
    rate = rates.maker if fill.maker else rates.taker
    if rate is None:
        return fill.fee
    if fill.fee_currency == fill.received:
        return fee(fill.side, fill.quantity, multiply(fill.price, fill.quantity), rate)
    return round_to(divide(multiply(fill.fee, rate), fill.rate), FEE_STEP) if fill.rate else None


def _bill(currency: str, paid: list[tuple[Decimal, Decimal | None]]) -> Bill:
    instead = [after for _, after in paid if after is not None]
    known = len(instead) == len(paid)
    return Bill(currency, len(paid), sum((was for was, _ in paid), ZERO), sum(instead, ZERO) if known else None)
