"""Refuse growth beyond what the position may lose between the market and its stop; holding and exits stay allowed."""

from decimal import Decimal

from trading.instrument import Instrument
from trading.money import ONE, ZERO, divide, multiply
from trading.target import Target


def apply(
    target: Target,
    holding: Decimal,
    equity: Decimal,
    price: Decimal,
    level: Decimal | None,
    max_loss: Decimal,
    instrument: Instrument,
) -> Target:
    """Return `target`, grown at most until a fall from `price` to the stop at `level` costs `max_loss` x `equity`.

    Without a stop (None) all of the position can be lost; once the market has passed it, nothing grows. Fees, and how
    far a market may jump over a stop, are not counted. A limit of 1 allows what any position without credit may lose.
    """
    if max_loss >= ONE:
        return target
    loss = price - max(level or ZERO, ZERO)
    most = divide(multiply(max(equity, ZERO), max_loss), loss) if loss > ZERO else ZERO
    return target.capped(max(holding, instrument.quantity(most)), "risk_at_stop")
