"""The quotes of a sub-account in a backtest: whether they may rest, and when one of them has last sold."""

from datetime import datetime

from trading.backtest.sub_account import SubAccount
from trading.execution.ladder import GRACE


def rests(sub: SubAccount) -> bool:
    """Whether a quote of `sub` is working."""
    return any(made.order.request.key.leg.quoted for made in sub.working)


def unwanted(sub: SubAccount, now: datetime, closed_by: str) -> str:
    """Return why no quote may rest though one does, "" otherwise: the gate is closed, or its signal is over."""
    signal = sub.signal if rests(sub) else None
    if signal is None:
        return ""
    over = now > signal.valid_until + (signal.valid_until - signal.decided_at) * GRACE
    return "gate" if closed_by else "expired" if over else ""
