"""The limits that every decision obeys; one version is one row, changed only by writing a new one."""

from decimal import Decimal
from types import MappingProxyType

from pydantic import BaseModel, ConfigDict, Field, model_validator

#: Which way a limit allows more risk: 1 when it grows, -1 when it shrinks, 0 where neither is more.
LOOSER = MappingProxyType(
    {
        "target_volatility": 1,
        "max_position": 1,
        "max_order_value": 1,
        "max_drawdown": 1,
        "price_collar": 1,
        "min_rebalance": 0,
        "cash_buffer": -1,
    }
)


class Limits(BaseModel):
    """Risk limits of a book. Fractions are of the sub-account's equity unless said otherwise."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    target_volatility: Decimal = Field(
        default=Decimal("0.02"), gt=0, le=1, description="wanted standard deviation a day"
    )
    max_position: Decimal = Field(
        default=Decimal("0.95"), gt=0, le=1, description="largest position, fraction of equity"
    )
    max_order_value: Decimal = Field(default=Decimal(50_000), gt=0, description="largest order, quote currency")
    max_drawdown: Decimal = Field(
        default=Decimal("0.2"), gt=0, le=1, description="loss from the peak that stops new risk"
    )
    price_collar: Decimal = Field(
        default=Decimal("0.1"), gt=0, le=1, description="largest distance of the market from the signal"
    )
    min_rebalance: Decimal = Field(
        default=Decimal("0.05"), ge=0, lt=1, description="smallest change worth an order, of equity"
    )
    cash_buffer: Decimal = Field(
        default=Decimal("0.02"), ge=0, lt=1, description="cash kept for fees and slippage of a buy"
    )

    @model_validator(mode="after")
    def _consistent(self) -> "Limits":
        if self.max_position > 1 - self.cash_buffer:
            raise ValueError("max_position leaves less cash than cash_buffer; lower one of them")
        return self
