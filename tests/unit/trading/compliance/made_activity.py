"""Orders and fills of a book by the second, for the rules of surveillance."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from trading.compliance.rules.activity import Activity, Executed, Movement, Placed

T0 = datetime(2026, 3, 2, 10, tzinfo=UTC)
SINCE, UNTIL = T0.replace(hour=0), T0.replace(hour=0) + timedelta(days=1)
SYMBOL = "BTC/USDT"


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def order(number: int, seconds: float, side: str = "BUY", cancelled: float | None = None, **more: Any) -> Placed:
    chosen: dict[str, Any] = {
        "client_id": f"o{number}", "strategy": "grid", "venue": "v", "symbol": SYMBOL, "side": side, "type": "LIMIT",
        "quantity": Decimal(1), "price": Decimal(100), "filled": Decimal(0), "placed": at(seconds),
        "cancelled": None if cancelled is None else at(cancelled),
    }  # fmt: skip
    return Placed(**(chosen | more))


def fill(number: int, seconds: float, side: str, price: str = "100", **more: Any) -> Executed:
    chosen: dict[str, Any] = {
        "trade_id": f"t{number}", "client_id": f"f{number}", "strategy": "grid", "venue": "v", "symbol": SYMBOL,
        "side": side, "price": Decimal(price), "quantity": Decimal(1), "at": at(seconds), "resting": True,
    }  # fmt: skip
    return Executed(**(chosen | more))


def activity(
    orders: Sequence[Placed] = (), fills: Sequence[Executed] = (), movements: Sequence[Movement] = (), **more: Any
) -> Activity:
    return Activity(SINCE, UNTIL, orders, fills, movements, **more)
