"""The limits that every decision obeys; one version is one row, changed only by writing a new one."""

from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from trading.closure import closure
from trading.money import ONE, ZERO

#: As many legs as any position has: no limit.
MOST_LEGS = 1000

#: Which way a number allows more risk: 1 when it grows, -1 when it shrinks, 0 where neither is more.
LOOSER = MappingProxyType(
    {
        "target_volatility": 1,
        "max_position": 1,
        "max_order_value": 1,
        "max_drawdown": 1,
        "max_loss": 1,
        "max_legs": 1,
        "leg_spacing": -1,
        "price_collar": 1,
        "min_rebalance": 0,
        "cash_buffer": -1,
    }
)


def _closures(given: Any) -> Any:
    """Return closures as they are kept: each once, in their order; a text has semicolons between them."""
    if isinstance(given, str):
        given = [] if given.strip() == "none" else [part.strip() for part in given.split(";")]
    return tuple(sorted({one for one in given if one}, key=str))


def _sound(given: tuple[str, ...]) -> tuple[str, ...]:
    for each in given:
        closure(each)
    return given


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
    max_loss: Decimal = Field(
        default=ONE, gt=0, le=1, description="largest loss of a position between the market and its stop, of equity"
    )
    max_legs: int = Field(
        default=MOST_LEGS, gt=0, le=MOST_LEGS, description="most entries of a position until it is flat again"
    )
    leg_spacing: Decimal = Field(
        default=ZERO, ge=0, lt=1, description="least move of the market between two entries of a position"
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

    closed: Annotated[tuple[str, ...], BeforeValidator(_closures), AfterValidator(_sound)] = Field(
        default=(), description="hours and maintenance windows without new risk, UTC"
    )

    @model_validator(mode="after")
    def _consistent(self) -> "Limits":
        if self.max_position > 1 - self.cash_buffer:
            raise ValueError("max_position leaves less cash than cash_buffer; lower one of them")
        return self

    @model_serializer(mode="wrap")
    def _as_row(self, plain: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out what came later and says nothing: rows that were written before it stay the same."""
        silent = {
            "closed": not self.closed,
            "max_loss": self.max_loss == ONE,
            "max_legs": self.max_legs == MOST_LEGS,
            "leg_spacing": not self.leg_spacing,
        }
        row: dict[str, Any] = plain(self)
        return {name: value for name, value in row.items() if not silent.get(name)}
