"""What a strategy is: one pure function from what is known at the close of a bar to a desired exposure."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Protocol, TypeVar

from pydantic import BaseModel, ConfigDict

from trading.errors import BadData

#: What is known at a bar's close: features, expected_return, sigma, regime, close, held_exposure; None = not known.
Row = Mapping[str, float | str | None]

_PLACES = Decimal("0.0001")


@dataclass(frozen=True)
class Desire:
    """The wanted exposure, 0 (flat) to 1 (fully long), the stop as a fraction of price below the entry, and why.

    Numbers have four decimals, so that their hashes agree on every machine. `reason` is one of few stable texts.
    """

    exposure: Decimal
    stop: Decimal | None
    reason: str


class Parameters(BaseModel):
    """Base of all strategy parameters: frozen, ranges checked, unknown names refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


P_contra = TypeVar("P_contra", bound=Parameters, contravariant=True)


class Strategy(Protocol[P_contra]):
    """A strategy: the same row and parameters always give the same desire."""

    def __call__(self, row: Row, parameters: P_contra) -> Desire:
        """Return what is desired from the close of the bar that `row` describes."""
        ...


def flat(reason: str) -> Desire:
    """Return the desire to hold nothing."""
    return Desire(quantize(0.0), None, reason)


def quantize(value: float) -> Decimal:
    """Return `value` with four decimals, halves to even."""
    return Decimal(repr(value)).quantize(_PLACES, rounding=ROUND_HALF_EVEN)


def number(row: Row, name: str) -> float | None:
    """Return a number of the row, None where it is unknown or not finite; BadData when the row lacks it or has text."""
    if name not in row:
        raise BadData(f"strategy row: {name} is missing")
    value = row[name]
    if isinstance(value, str):
        raise BadData(f"strategy row: {name} is text: {value!r}")
    return float(value) if value is not None and math.isfinite(value) else None


def stop_distance(multiple: float, volatility: float) -> Decimal | None:
    """Return `multiple` volatilities as a stop distance, at least 0.1 % and at most 50 % of price; None for no stop."""
    if multiple == 0:
        return None
    return quantize(min(max(multiple * volatility, 0.001), 0.5))
