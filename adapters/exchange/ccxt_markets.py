"""Instruments from ccxt's description of a venue's markets."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from trading.errors import BadData, Misconfigured
from trading.instrument import Instrument
from trading.money import ZERO, decimal

_USUAL_FEE = Decimal("0.001")


def instrument_of(venue: str, symbol: str, markets: Mapping[str, Mapping[str, Any]]) -> Instrument:
    """Return `symbol` as our instrument; `markets` come from an exchange whose numbers are text.

    Raises:
        Misconfigured: the venue has no such spot market.
        BadData: what it says of the market cannot be: no step of price or quantity, a limit below zero, an absurd fee.
    """
    market = markets.get(symbol)
    if market is None or not market.get("spot"):
        near = sorted(name for name in markets if name.startswith(symbol.split("/", maxsplit=1)[0] + "/"))[:5]
        hint = f"; it has {', '.join(near)}" if near else ""
        raise Misconfigured(f"{venue} has no spot market {symbol!r}{hint} (option --symbols)")
    limits = market["limits"]
    made = Instrument(
        venue=venue,
        symbol=symbol,
        base=market["base"],
        quote=market["quote"],
        tick=_number(market["precision"]["price"], Decimal("0.00000001")),
        lot=_number(market["precision"]["amount"], Decimal("0.00000001")),
        min_quantity=_number(limits["amount"]["min"], ZERO),
        min_notional=_number(limits["cost"]["min"], ZERO),
        maker_fee=_number(market.get("maker"), _USUAL_FEE),
        taker_fee=_number(market.get("taker"), _USUAL_FEE),
        status="HALTED" if market.get("active") is False else "TRADING",
    )
    _check(made)
    return made


def _check(made: Instrument) -> None:
    steps, least = (made.tick, made.lot), (made.min_quantity, made.min_notional)
    sound = min(steps) > ZERO and min(least) >= ZERO and max(abs(made.maker_fee), abs(made.taker_fee)) < 1
    if not sound:
        raise BadData(f"{made.venue} says of {made.symbol} what cannot be: {made}")


def _number(value: object, default: Decimal) -> Decimal:
    """Return a number of ccxt's; a few of its constants (fees) are floats, whose shortest text is meant."""
    return default if value is None else decimal(str(value))
