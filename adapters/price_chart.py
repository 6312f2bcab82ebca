"""The price of a symbol as a chart, with our fills marked on it."""

from collections.abc import Callable, Sequence
from decimal import Decimal

from adapters.chart import Chart, draw
from adapters.page import Row, moment_of, plain, series


def price_chart(
    prices: Sequence[Row], fills: Sequence[Row], when: Callable[[str], str], *, width: float = 360, height: float = 170
) -> Chart | None:
    """Return the chart of one symbol's `prices` and `fills` (px); `when` words a fill's time. None for no line."""
    marks = [
        (
            moment_of(fill["ts"]),
            float(Decimal(fill["price"])),
            fill["side"] == "BUY",
            f"{when(fill['ts'])} {fill['side'].lower()} {plain(fill['quantity'])} at {plain(fill['price'])},"
            f" {fill['strategy']} {fill['leg']}",
        )
        for fill in fills
    ]
    return draw(series(prices, "price"), width=width, height=height, marks=marks)


def of_symbol(fills: Sequence[Row], symbol: str) -> list[Row]:
    """Return those of `fills` that are of `symbol`."""
    return [fill for fill in fills if fill["symbol"] == symbol]
