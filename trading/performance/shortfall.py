"""Implementation shortfall: what orders cost beyond the price that the decision knew."""

from collections.abc import Iterable
from decimal import Decimal

from trading.fill import Fill
from trading.money import ZERO, multiply
from trading.order import OrderRequest, OrderType


def shortfall(executions: Iterable[tuple[OrderRequest, Fill]]) -> Decimal:
    """Return what market orders paid more, or received less, than at their reference price: in quote, without fees.

    Below 0 when the price moved in our favour before the fill. Stops and limits name their price and do not count.
    """
    return sum(
        (
            multiply(fill.quantity, fill.price - request.reference_price) * request.side.sign
            for request, fill in executions
            if request.type is OrderType.MARKET
        ),
        ZERO,
    )
