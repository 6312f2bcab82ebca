"""Positions: what each sub-account holds at each time, what it is worth and what it cost."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, localcontext

from trading.money import CONTEXT, ZERO
from trading.performance.closes import Close, known_at
from trading.performance.holding import holdings, price_of
from trading.performance.movement import Movement


@dataclass(frozen=True)
class Position:
    """Base held at `ts`: `quantity` in base, `price` in quote per base, `value` and `cost` (with fees) in quote."""

    strategy: str
    symbol: str
    ts: datetime
    quantity: Decimal
    price: Decimal
    value: Decimal
    cost: Decimal


def positions(
    movements: Sequence[Movement], closes: Iterable[Close], times: Sequence[datetime], start: datetime
) -> list[Position]:
    """Return the position of every sub-account that trades, also the empty ones, for each of the ascending `times`.

    Raises:
        BadData: something is held of which no close is known.
    """
    rows: list[Position] = []
    moments = zip(times, known_at(closes, times), holdings(movements, times, start), strict=True)
    with localcontext(CONTEXT):
        for time, prices, held in moments:
            for (strategy, symbol), one in sorted(held.items()):
                if symbol not in prices and one.quantity == ZERO:
                    continue
                price = price_of(symbol, one, prices)
                rows.append(Position(strategy, symbol, time, one.quantity, price, one.value(price), one.cost))
    return rows
