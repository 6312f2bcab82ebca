"""A fill as a movement of its sub-account."""

from trading.fill import Fill
from trading.money import ZERO, multiply
from trading.order import OrderRequest, Side
from trading.performance.movement import Movement, fee_value


def filled(fill: Fill, request: OrderRequest, quote: str) -> Movement:
    """Return what `fill` moves of the sub-account that asked for it, fee included; `quote` is its currency."""
    sign, value = (1 if fill.side is Side.BUY else -1), multiply(fill.price, fill.quantity)
    fee_base, fee_quote = (ZERO, fill.fee) if fill.fee_currency == quote else (fill.fee, ZERO)
    return Movement(
        fill.ts,
        request.strategy,
        fill.symbol,
        fill.client_id,
        sign * fill.quantity - fee_base,
        -sign * value - fee_quote,
        fee_value(fee_base, fee_quote, fill.quantity, value),
        value,
    )
