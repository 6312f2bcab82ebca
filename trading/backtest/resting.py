"""The quotes of a sub-account in a backtest: whether there are any, and whether they may rest."""

from datetime import datetime

from trading.backtest.sub_account import SubAccount
from trading.execution.ladder import rests_until


def rests(sub: SubAccount) -> bool:
    """Whether a quote of `sub` is working."""
    return any(made.order.request.key.leg.quoted for made in sub.working)


def unwanted(sub: SubAccount, now: datetime, closed_by: str) -> str:
    """Return why no quote may rest though one does, "" otherwise: the gate is closed, or its signal is over."""
    signal = sub.signal if rests(sub) else None
    if signal is None:
        return ""
    return "gate" if closed_by else "expired" if now > rests_until(signal) else ""
