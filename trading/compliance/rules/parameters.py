"""From where on a pattern is worth a person's look; every number with its unit and range."""

from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field


class Parameters(BaseModel):
    """The thresholds of surveillance. They were set so that ordinary strategies stay below them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    self_trade_seconds: float = Field(default=2.0, gt=0, le=60, description="own buy and sell so near in time, seconds")
    layering_seconds: float = Field(
        default=10.0, gt=0, le=300, description="cancels so shortly before a fill on the other side, seconds"
    )
    layering_life_seconds: float = Field(
        default=60.0, gt=0, le=3600, description="only orders that lay so shortly, seconds"
    )
    layering_orders: int = Field(default=4, ge=2, le=100, description="so many orders of one side, cancelled")
    orders_per_minute: int = Field(default=120, ge=1, le=100_000, description="more orders of a symbol in a minute")
    spike_score: Decimal = Field(
        default=Decimal(8), gt=0, le=1000, description="distance from the median in robust standard deviations"
    )
    spike_multiple: Decimal = Field(default=Decimal(5), gt=1, le=1000, description="and so many times the median")
    spike_history: int = Field(default=20, ge=5, le=10_000, description="orders that must have come before")
    spike_days: int = Field(default=10, ge=5, le=1000, description="traded days that must have come before")
    movement_value: Decimal = Field(
        default=Decimal(0), ge=0, description="foreign movements above so much, in their own currency"
    )
    wash_seconds: float = Field(default=60.0, gt=0, le=3600, description="bought and sold again within, seconds")
    wash_price: Decimal = Field(
        default=Decimal("0.0005"), ge=0, lt=1, description="at prices so near, fraction of the price"
    )
    wash_quantity: Decimal = Field(
        default=Decimal("0.01"), ge=0, lt=1, description="of quantities so near, fraction of the larger"
    )
    wash_trips: int = Field(default=3, ge=1, le=1000, description="so often in one symbol within an hour")
    flicker_seconds: float = Field(default=1.0, gt=0, le=60, description="cancelled unfilled within, seconds")
    flicker_orders: int = Field(default=50, ge=2, le=100_000, description="orders of an hour before a ratio says much")
    flicker_ratio: Decimal = Field(
        default=Decimal("0.9"), gt=0, le=1, description="share of such orders among all of the hour"
    )
