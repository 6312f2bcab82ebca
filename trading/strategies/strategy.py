"""What a strategy is: one pure function from what is known at the close of a bar to a desired exposure."""

import math
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Annotated, Any, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from trading.errors import BadData
from trading.order import Side
from trading.quote import Quote

#: What is known at a bar's close: features, expected_return, sigma, regime, close, closed_at (seconds since the epoch),
#: held_exposure (0 to 1); None = not known.
Row = Mapping[str, float | str | None]

_PLACES = Decimal("0.0001")


@dataclass(frozen=True)
class Desire:
    """The wanted exposure, 0 (flat) to 1 (fully long), the stop as a fraction of price below the entry, and why.

    An exposure of None leaves what is held to the `quotes`. Numbers have four decimals and prices eight digits, so that
    their hashes agree on every machine. `reason` is one of few stable texts.
    """

    exposure: Decimal | None
    stop: Decimal | None
    reason: str
    quotes: tuple[Quote, ...] = ()


class Parameters(BaseModel):
    """Base of all strategy parameters: frozen, ranges checked, unknown names refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


#: For strategies that ask for what sizing will turn into just what they want: see `before_sizing`.
TargetVolatility = Annotated[
    float,
    Field(
        gt=0,
        le=1,
        description="target_volatility of the limits, a standard deviation a day as a fraction, that sizing scales to",
    ),
]

P = TypeVar("P", bound=Parameters)
P_contra = TypeVar("P_contra", bound=Parameters, contravariant=True)


class Strategy(Protocol[P_contra]):
    """A strategy: the same row and parameters always give the same desire."""

    def __call__(self, row: Row, parameters: P_contra) -> Desire:
        """Return what is desired from the close of the bar that `row` describes."""
        ...


@dataclass(frozen=True)
class Registered:
    """A strategy function, the class of its parameters, and the columns of the row that it reads with them.

    `search` says by parameter which values are tried where nobody says, such as `0:2` or `one,other`; empty: all of
    those that are choices, or numbers with bounds.
    """

    desire: Strategy[Any]
    parameters: type[Parameters]
    columns: Callable[[Any], tuple[str, ...]]
    search: Mapping[str, str] = field(default_factory=dict[str, str])

    def __call__(self, row: Row, parameters: Parameters) -> Desire:
        """Return what the strategy desires from the close of the bar that `row` describes."""
        return self.desire(row, parameters)

    @property
    def about(self) -> str:
        """The sentence that its module opens with."""
        return (sys.modules[self.desire.__module__].__doc__ or "").strip().splitlines()[0]


def made(kind: type[P], values: object) -> P:
    """Return parameters of `kind`: `values` over its defaults; ValueError naming the first wrong one and its unit."""
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        raise ValueError(_fault(kind, error)) from None


def _fault(kind: type[Parameters], error: ValidationError) -> str:
    first = error.errors()[0]
    where, given = first["loc"], first["input"]
    said = first["msg"].removeprefix("Value error, ")
    field = kind.model_fields.get(str(where[0])) if where else None
    if first["type"] == "extra_forbidden" and field is None:
        said = f"not a parameter; known are {', '.join(kind.model_fields)}"
    elif field is not None and first["type"] not in ("value_error", "missing"):
        shown = "" if isinstance(given, list | tuple | dict) else f", not {given!r}"
        said = f"{said}{shown} ({field.description})"
    return f"{'.'.join(map(str, where)) or 'parameters'}: {said}"


def flat(reason: str) -> Desire:
    """Return the desire to hold nothing."""
    return Desire(quantize(0.0), None, reason)


def quantize(value: float) -> Decimal:
    """Return `value` with four decimals, halves to even."""
    return Decimal(repr(value)).quantize(_PLACES, rounding=ROUND_HALF_EVEN)


def as_held(reason: str, quotes: Iterable[Quote] = ()) -> Desire:
    """Return the desire to change what is held by `quotes` alone."""
    return Desire(None, None, reason, tuple(quotes))


def quote(side: Side, price: float, exposure: float) -> Quote:
    """Return a quote at `price` with eight digits, to `exposure` within 0 and 1."""
    return Quote(side, Decimal(f"{price:.7e}").normalize(), quantize(min(max(exposure, 0.0), 1.0)))


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


def before_sizing(share: float, volatility: float, bar_seconds: float, target_volatility: float) -> float:
    """Return the exposure that trading/sizing/volatility_target.py scales down to `share`, at most 1.

    `volatility` is the standard deviation of one bar's return, `target_volatility` that of a day in the limits.
    """
    daily = volatility * math.sqrt(86400 / bar_seconds)
    return min(share * max(daily / target_volatility, 1.0), 1.0)
