"""The space of a search: which parameters of a strategy are tried, and which values of each."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

from pydantic import TypeAdapter, ValidationError

from trading.errors import BadData, Misconfigured
from trading.money import decimal, text
from trading.strategies.registry import schema, strategy

Value = float | int | str | bool
#: A range without a step has this many to a decimal power of its width; a grid cuts it into so many values.
_FINE, _COARSE = 1000, 5


@dataclass(frozen=True)
class Steps:
    """The values low, low + step, ... of the parameter `name`: `count` of them; `given`: the step was asked for."""

    name: str
    low: Decimal
    step: Decimal
    count: int
    whole: bool
    given: bool

    def at(self, place: int) -> Value:
        """Return the value at `place`, from 0 on."""
        value = self.low + self.step * place
        return int(value) if self.whole else float(value)

    def place(self, value: float) -> int:
        """Return the place of the value nearest to `value`."""
        near = round((Decimal(value) - self.low) / self.step)
        return min(max(near, 0), self.count - 1)

    @property
    def coarse(self) -> Sequence[int]:
        """The places that a grid tries: all if the step was given, else a few, evenly."""
        if self.given or self.count <= _COARSE:
            return range(self.count)
        return [(self.count - 1) * place // (_COARSE - 1) for place in range(_COARSE)]

    def __str__(self) -> str:
        """Return what people read."""
        return f"{text(self.low)} to {text(self.low + self.step * (self.count - 1))} by {text(self.step)}"


@dataclass(frozen=True)
class Choices:
    """The `values` of the parameter `name`."""

    name: str
    values: tuple[Value, ...]

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.values)

    def at(self, place: int) -> Value:
        """Return the value at `place`, from 0 on."""
        return self.values[place]

    @property
    def coarse(self) -> Sequence[int]:
        """The places that a grid tries: all."""
        return range(self.count)

    def __str__(self) -> str:
        """Return what people read."""
        return ", ".join(map(str, self.values))


Dimension = Steps | Choices


def space(name: str, told: Sequence[str], fixed: Mapping[str, Any]) -> Sequence[Dimension]:
    """Return what is searched of strategy `name`: the parameters `told`, or else all that can be but the `fixed` ones.

    `told` are texts such as `trend.entry=0:2`, `trend.step=0.1:0.5:0.1` and `trend.gap=ema_gap_12,ema_gap_48`. Without
    them it is what the strategy declares, or else all that its parameters may be where they have bounds or choices.

    Raises:
        Misconfigured: a parameter is unknown, is no number and no choice, or may not be what is told.
    """
    found = [_told(name, one) for one in told] if told else _declared(name, fixed)
    names = [one.name for one in found]
    for one in names:
        if one in fixed:
            raise Misconfigured(f"{name}.{one} is both searched (--param) and fixed (--set)")
        if names.count(one) > 1:
            raise Misconfigured(f"--param {name}.{one} is told twice")
    if not found:
        raise Misconfigured(f"strategy {name} has nothing to search: name parameters with --param")
    return found


def _told(strategy_name: str, told: str) -> Dimension:
    path, equals, values = told.partition("=")
    owner, dot, name = path.partition(".")
    if not (equals and dot and name and values):
        raise Misconfigured(
            f"--param {told!r} is not of the form strategy.parameter=low:high, =low:high:step or =one,other"
        )
    if owner != strategy_name:
        raise Misconfigured(f"--param {told}: {owner} is not the strategy {strategy_name} that is tuned")
    fields = strategy(strategy_name).parameters.model_fields
    if name not in fields:
        raise Misconfigured(f"--param {told}: {name} is not a parameter; known are {', '.join(fields)}")
    described = schema(strategy_name)["properties"][name]
    if ":" in values:
        return _range(strategy_name, name, values.split(":"), described, told)
    if _kind(described) is None:
        raise Misconfigured(f"--param {told}: {name} is neither a number nor a choice")
    chosen = [_valued(part.strip(), described) for part in values.split(",") if part.strip()]
    if not chosen or len(set(chosen)) < len(chosen):
        raise Misconfigured(f"--param {told} names no value, or one twice")
    return Choices(name, tuple(_checked(strategy_name, name, one, told) for one in chosen))


def _range(owner: str, name: str, ends: Sequence[str], described: Mapping[str, Any], told: str) -> Steps:
    whole = _kind(described) == "integer"
    if _kind(described) not in ("integer", "number") or len(ends) not in (2, 3):
        raise Misconfigured(f"--param {told}: {name} has no range; name its values: {_known(described)}")
    try:
        low, high, *step = map(decimal, ends)
    except BadData as error:
        raise Misconfigured(f"--param {told}: {error}") from None
    if low >= high or (step and not 0 < step[0] <= high - low):
        raise Misconfigured(f"--param {told}: low must lie below high, and a step above 0 and within them")
    if whole and any(one != one.to_integral_value() for one in (low, high, *step)):
        raise Misconfigured(f"--param {told}: {name} is a whole number")
    for end in (low, high):
        _checked(owner, name, int(end) if whole else float(end), told)
    return _steps(name, low, high, whole=whole, step=step[0] if step else None)


def _steps(name: str, low: Decimal, high: Decimal, *, whole: bool, step: Decimal | None = None) -> Steps:
    fine = Decimal(1) if whole else Decimal(10) ** (high - low).adjusted() / _FINE
    by = step or fine
    return Steps(name, low, by, int((high - low) / by) + 1, whole, step is not None)


def _declared(owner: str, fixed: Mapping[str, Any]) -> list[Dimension]:
    """Return what is searched where nobody says."""
    known = schema(owner)["properties"]
    told = strategy(owner).search
    if told:
        return [_told(owner, f"{owner}.{name}={values}") for name, values in told.items() if name not in fixed]
    found = [_whole(name, described) for name, described in known.items() if name not in fixed]
    return [one for one in found if one is not None]


def _whole(name: str, described: Mapping[str, Any]) -> Dimension | None:
    """Return all that a parameter may be; None where that has no end."""
    kind = _kind(described)
    if kind == "choice":
        return Choices(name, tuple(_known(described)))
    ends = [described.get(inner, described.get(outer)) for inner, outer in _BOUNDS]
    if kind is None or None in ends:
        return None
    low, high = (Decimal(str(end)) for end in ends)
    margin = Decimal(1) if kind == "integer" else (high - low) / _FINE
    low += margin if "exclusiveMinimum" in described else 0
    high -= margin if "exclusiveMaximum" in described else 0
    return _steps(name, low, high, whole=kind == "integer") if low < high else None


_BOUNDS = (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum"))


def _kind(described: Mapping[str, Any]) -> str | None:
    if _known(described):
        return "choice"
    kind = described.get("type")
    return kind if kind in ("integer", "number") else None


def _known(described: Mapping[str, Any]) -> Sequence[Value]:
    return (False, True) if described.get("type") == "boolean" else described.get("enum", ())


def _valued(said: str, described: Mapping[str, Any]) -> Value:
    if described.get("type") == "string":
        return said
    try:
        value = json.loads(said)
    except ValueError:
        return said
    return value if isinstance(value, int | float | bool) else said


def _checked(owner: str, name: str, value: Value, told: str) -> Any:
    """Return `value` as the parameter has it; Misconfigured where it may not be that, whatever the others are."""
    field = strategy(owner).parameters.model_fields[name]
    kind: Any = Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
    try:
        return TypeAdapter(kind).validate_python(value)
    except ValidationError as error:
        said = error.errors()[0]["msg"]
        raise Misconfigured(f"--param {told}: {said}, not {value!r} ({field.description})") from None
