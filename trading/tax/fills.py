"""A fill as tax events: the coin that came in, the coin that went out, and the coin that the fee was paid in."""

from collections.abc import Mapping
from decimal import Decimal

from trading.errors import BadData
from trading.fill import Fill
from trading.instrument import Instrument
from trading.money import CONTEXT, ZERO, multiply, round_to
from trading.order import Side
from trading.tax.apportion import GRAIN
from trading.tax.events import Acquisition, Disposal, DisposalKind, Wallet


def from_fill(
    fill: Fill, instrument: Instrument, wallet: Wallet, currency: str, rates: Mapping[str, Decimal]
) -> tuple[Acquisition | Disposal, ...]:
    """Return what one fill means for tax, in `currency`.

    `rates` tells what one unit of a coin was worth at the time of the fill, the currency itself left out. Both sides
    of the trade are worth what the quote was; where the base is the currency, what the base is. The fee belongs to the
    cost of what is bought, or comes off what is sold for; paid in a coin it is a disposal of that coin as well. A
    negative fee, which the venue paid, is cost or proceeds the other way, and an acquisition of its coin. The currency
    is no asset: it has no lots.

    Raises:
        BadData: a rate is missing.
    """
    paid = multiply(fill.price, fill.quantity)
    base, quote = instrument.base, instrument.quote
    value = fill.quantity if base == currency else _worth(paid, quote, currency, rates)
    fee = _worth(fill.fee, fill.fee_currency, currency, rates)
    name = f"{fill.venue}:{fill.symbol}:{fill.trade_id}"
    traded = (base, fill.quantity), (quote, paid)
    (came, got), (went, given) = traded if fill.side is Side.BUY else reversed(traded)
    # The fee is of the base; where that is the currency it has no lots, and the fee is of the other side.
    bearer = quote if base == currency else base
    events: list[Acquisition | Disposal] = []
    if came != currency:
        worth, cost = _borne(value, fee if came == bearer else ZERO, fee)
        events.append(Acquisition(f"{name}:in", fill.ts, wallet, came, got, worth, cost))
    if went != currency:
        brought, cost = _borne(value, fee if went == bearer else ZERO, -fee)
        events.append(Disposal(f"{name}:out", fill.ts, wallet, went, given, brought, cost))
    if fill.fee > ZERO and fill.fee_currency != currency:
        coin = fill.fee_currency
        events.append(Disposal(f"{name}:fee", fill.ts, wallet, coin, fill.fee, fee, kind=DisposalKind.FEE))
    elif fill.fee < ZERO and fill.fee_currency != currency:
        events.append(Acquisition(f"{name}:rebate", fill.ts, wallet, fill.fee_currency, -fill.fee, -fee))
    return tuple(events)


def _borne(value: Decimal, fee: Decimal, change: Decimal) -> tuple[Decimal, Decimal]:
    """Return value and fee of the side that bears `fee`; one that was paid to us changes the value by `change`."""
    return (value, fee) if fee >= ZERO else (CONTEXT.add(value, change), ZERO)


def _worth(amount: Decimal, asset: str, currency: str, rates: Mapping[str, Decimal]) -> Decimal:
    if asset == currency or amount == ZERO:
        return amount
    if asset not in rates:
        raise BadData(f"what a {asset} was worth in {currency} is not known")
    return round_to(multiply(amount, rates[asset]), GRAIN)
