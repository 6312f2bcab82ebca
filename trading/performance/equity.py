"""The equity curve: what the whole book is worth at each time, from the ledger and the closes known then."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, localcontext

from trading.money import CONTEXT, ZERO
from trading.performance.closes import Close, known_at
from trading.performance.holding import holdings, price_of
from trading.performance.movement import Movement


@dataclass(frozen=True)
class Valuation:
    """The book at `ts`, in quote: equity = cash + positions; `fees` and `deposits` are totals since its beginning."""

    ts: datetime
    cash: Decimal
    positions: Decimal
    equity: Decimal
    fees: Decimal
    deposits: Decimal

    @property
    def pnl(self) -> Decimal:
        """All that was earned since the beginning, after fees."""
        return self.equity - self.deposits


def equity_curve(
    movements: Sequence[Movement], closes: Iterable[Close], times: Sequence[datetime], start: datetime
) -> list[Valuation]:
    """Return one valuation for each of the ascending `times`; at `start` the book holds its deposits alone.

    Raises:
        BadData: something is held of which no close is known.
    """
    curve: list[Valuation] = []
    moments = zip(times, known_at(closes, times), holdings(movements, times, start), strict=True)
    with localcontext(CONTEXT):
        for time, prices, held in moments:
            cash = sum((holding.cash for holding in held.values()), ZERO)
            positions = sum((one.value(price_of(symbol, one, prices)) for (_, symbol), one in held.items()), ZERO)
            fees = sum((holding.fees for holding in held.values()), ZERO)
            deposits = sum((holding.deposits for holding in held.values()), ZERO)
            curve.append(Valuation(time, cash, positions, cash + positions, fees, deposits))
    return curve
