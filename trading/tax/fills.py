"""A fill as tax events: the coin that came in, the coin that went out, and the coin that the fee was paid in."""

from collections.abc import Mapping
from decimal import Decimal

from trading.errors import BadData
from trading.fill import Fill
from trading.instrument import Instrument
from trading.money import ZERO, multiply, round_to
from trading.order import Side
from trading.tax.apportion import GRAIN
from trading.tax.events import Acquisition, Disposal, DisposalKind, Wallet


def from_fill(
    fill: Fill, instrument: Instrument, wallet: Wallet, currency: str, rates: Mapping[str, Decimal]
) -> tuple[Acquisition | Disposal, ...]:
    """Return what one fill means for tax, in `currency`.

    `rates` tells what one unit of a coin was worth at the time of the fill, the currency itself left out. Both sides
    of the trade are worth what the quote was. The fee belongs to the cost of what is bought, or comes off what is sold
    for; paid in a coin it is a disposal of that coin as well. The currency is no asset: it has no lots.

    Raises:
        BadData: a rate is missing.
    """
    paid = multiply(fill.price, fill.quantity)
    value = _worth(paid, instrument.quote, currency, rates)
    fee = _worth(fill.fee, fill.fee_currency, currency, rates)
    name = f"{fill.venue}:{fill.symbol}:{fill.trade_id}"
    base, quote = instrument.base, instrument.quote
    events: list[Acquisition | Disposal] = []
    if fill.side is Side.BUY:
        events.append(Acquisition(f"{name}:in", fill.ts, wallet, base, fill.quantity, value, fee))
        if quote != currency:
            events.append(Disposal(f"{name}:out", fill.ts, wallet, quote, paid, value))
    else:
        events.append(Disposal(f"{name}:out", fill.ts, wallet, base, fill.quantity, value, fee))
        if quote != currency:
            events.append(Acquisition(f"{name}:in", fill.ts, wallet, quote, paid, value))
    if fill.fee != ZERO and fill.fee_currency != currency:
        coin = fill.fee_currency
        events.append(Disposal(f"{name}:fee", fill.ts, wallet, coin, fill.fee, fee, kind=DisposalKind.FEE))
    return tuple(events)


def _worth(amount: Decimal, asset: str, currency: str, rates: Mapping[str, Decimal]) -> Decimal:
    if asset == currency or amount == ZERO:
        return amount
    if asset not in rates:
        raise BadData(f"what a {asset} was worth in {currency} is not known")
    return round_to(multiply(amount, rates[asset]), GRAIN)
