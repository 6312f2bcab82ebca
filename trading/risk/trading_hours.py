"""Refuse new risk outside the trading hours and in maintenance windows; holding and exits stay allowed."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from trading.closure import closure
from trading.target import Target


def apply(target: Target, holding: Decimal, now: datetime, closed: Sequence[str]) -> Target:
    """Return `target`, capped at the present `holding` while one of the closures `closed` holds at `now` (UTC)."""
    for each in closed:
        if closure(each).holds(now):
            return target.capped(holding, f"trading_hours:{each}")
    return target
