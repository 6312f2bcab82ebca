"""Small makers of the nouns that the decision tests speak of."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from trading.account import Account
from trading.instrument import Instrument
from trading.limits import Limits
from trading.order import Leg, Order, OrderKey, OrderRequest, OrderState, OrderType, Side
from trading.signal import Lineage, Signal

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PRICE = Decimal(100)
INSTRUMENT = Instrument(
    "venue",
    "BTC/USDT",
    "BTC",
    "USDT",
    Decimal("0.01"),
    Decimal("0.001"),
    Decimal("0.001"),
    Decimal(5),
    Decimal("0.001"),
    Decimal("0.001"),
)
LIMITS = Limits()


def signal(**changes: Any) -> Signal:
    """A signal to hold half of the equity with a stop 10 % below, decided now."""
    fields: dict[str, Any] = {
        "signal_id": "signal",
        "book": "book",
        "strategy": "strategy",
        "venue": "venue",
        "symbol": "BTC/USDT",
        "timeframe": "1h",
        "ts": NOW - timedelta(hours=1),
        "decided_at": NOW,
        "valid_until": NOW + timedelta(hours=1),
        "exposure": Decimal("0.5"),
        "stop": Decimal("0.1"),
        "volatility": Decimal("0.001"),
        "reference_price": PRICE,
        "reason": "why",
        "lineage": Lineage("run", "code", "model", "features", "candle", 1),
    }
    return Signal(**{**fields, **changes})


def account(**changes: Any) -> Account:
    """A sub-account that holds 1,000 of cash and nothing else."""
    fields: dict[str, Any] = {
        "book": "book",
        "strategy": "strategy",
        "symbol": "BTC/USDT",
        "cash": Decimal(1000),
        "reserved_cash": Decimal(0),
        "position": Decimal(0),
        "reserved_position": Decimal(0),
        "peak_equity": Decimal(1000),
        "entry_gate_open": True,
        "gate_reason": "",
    }
    return Account(**{**fields, **changes})


def order(leg: Leg, state: OrderState, quantity: str = "5", stop: str | None = None) -> Order:
    """A stored order of the signal's first decision."""
    side = Side.BUY if leg is Leg.ENTRY else Side.SELL
    kind = OrderType.MARKET if stop is None else OrderType.STOP_LOSS
    key = OrderKey("signal", 1, leg)
    request = OrderRequest(
        key,
        "book",
        "strategy",
        "venue",
        "BTC/USDT",
        side,
        kind,
        Decimal(quantity),
        PRICE,
        stop=None if stop is None else Decimal(stop),
        reduce_only=side is Side.SELL,
    )
    return Order(request, key.client_id("book", 1), state, 1, 1)


def quoted(
    leg: Leg, level: int, quantity: str, limit: str, *, filled: str = "0", state: OrderState = OrderState.ACKED
) -> Order:
    """A resting quote of the signal's first decision."""
    side = Side.BUY if leg is Leg.BID else Side.SELL
    key = OrderKey("signal", 1, leg, level)
    request = OrderRequest(
        key,
        "book",
        "strategy",
        "venue",
        "BTC/USDT",
        side,
        OrderType.LIMIT,
        Decimal(quantity),
        PRICE,
        limit=Decimal(limit),
        reduce_only=side is Side.SELL,
    )
    return Order(request, key.client_id("book", 1), state, 1, 1, filled=Decimal(filled))


def protected(quantity: str = "5", stop: str = "90", **changes: Any) -> Account:
    """A sub-account with a position that a working stop protects."""
    working = (order(Leg.STOP, OrderState.ACKED, quantity, stop),)
    fields: dict[str, Any] = {"cash": Decimal(500), "reserved_position": Decimal(quantity), "working": working}
    return account(**{**fields, **changes})
