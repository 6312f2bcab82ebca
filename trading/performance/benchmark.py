"""The benchmark: the same capital in equal parts of all symbols, bought once and held."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal, localcontext

from trading.money import CONTEXT, ZERO, divide, multiply
from trading.performance.closes import Close, known_at
from trading.performance.equity import Valuation


def hold(
    closes: Iterable[Close], symbols: Sequence[str], times: Sequence[datetime], capital: Decimal
) -> list[Valuation]:
    """Return what `capital` (in quote) in equal parts of `symbols` is worth at each of the ascending `times`.

    Each part is bought at the first close that is known at one of the times and is cash until then; there are no costs.
    """
    curve: list[Valuation] = []
    bought: dict[str, Decimal] = {}
    with localcontext(CONTEXT):
        part = divide(capital, Decimal(len(symbols)))
        for time, prices in zip(times, known_at(closes, times), strict=True):
            for symbol in symbols:
                if symbol in prices and symbol not in bought:
                    bought[symbol] = divide(part, prices[symbol])
            positions = sum((multiply(bought[symbol], prices[symbol]) for symbol in bought), ZERO)
            cash = multiply(part, Decimal(len(symbols) - len(bought)))
            curve.append(Valuation(time, cash, positions, cash + positions, ZERO, capital))
    return curve
