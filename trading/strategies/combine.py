"""Combine: weigh what several strategies desire, by their mean, by a majority, or only where all agree."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, SerializeAsAny, ValidationInfo, WithJsonSchema, field_validator

from trading.strategies.parts import PARTS
from trading.strategies.strategy import Desire, Parameters, Row, flat, made, quantize


class Part(Parameters):
    """One strategy of a combined one, with its weight and its own parameters."""

    strategy: str = Field(description="name of the strategy", json_schema_extra={"enum": list(PARTS)})
    weight: float = Field(
        default=1.0, gt=0, le=100, description="its weight; only the proportions of the weights count"
    )
    parameters: Annotated[SerializeAsAny[Parameters], WithJsonSchema({"type": "object"})] = Field(
        default_factory=Parameters,
        validate_default=True,
        description="its own parameters over its defaults, as the schema of that strategy has them",
    )

    @field_validator("strategy")
    @classmethod
    def _can_be_a_part(cls, name: str) -> str:
        if name not in PARTS:
            raise ValueError(f"{name!r} cannot be a part of combine; those that can are {', '.join(PARTS)}")
        return name

    @field_validator("parameters", mode="before")
    @classmethod
    def _of_its_strategy(cls, values: object, info: ValidationInfo) -> object:
        if "strategy" not in info.data:
            return Parameters()
        name: str = info.data["strategy"]
        return made(PARTS[name].parameters, values.model_dump() if isinstance(values, Parameters) else values)


class Combine(Parameters):
    """Parameters of combine. Its parts may be all strategies but combine and dollar_cost_average.

    All parts see the one holding of the combined strategy: what one has bought, another may keep. For that reason
    dollar_cost_average, which adds to what it holds itself, is none.
    """

    parts: tuple[Part, ...] = Field(
        (Part(strategy="trend"), Part(strategy="mean_reversion")),
        min_length=1,
        max_length=20,
        description="the strategies, each with a weight above 0 and its own parameters",
    )
    mode: Literal["weighted", "majority", "all"] = Field(
        "weighted",
        description="long with the weighted mean exposure of the parts always, only where those that want to be long"
        " have more than half of the weight, or only where all want to be long",
    )


def columns(parameters: Combine) -> tuple[str, ...]:
    """Return the columns of the row that its parts read, each once."""
    read = [name for part in parameters.parts for name in PARTS[part.strategy].columns(part.parameters)]
    return tuple(dict.fromkeys(read))


def desire(row: Row, parameters: Combine) -> Desire:
    """Return the weighted mean exposure of the parts and the tightest stop of those that want to be long.

    A part that lacks an input desires nothing, with its whole weight.
    """
    desires = [(part.weight, PARTS[part.strategy](row, part.parameters)) for part in parameters.parts]
    weight = sum(each for each, _ in desires)
    long = [(each, wanted) for each, wanted in desires if wanted.exposure]
    if not long:
        return flat("no part wants to be long")
    if parameters.mode == "majority" and sum(each for each, _ in long) <= weight / 2:
        return flat("no majority wants to be long")
    if parameters.mode == "all" and len(long) < len(desires):
        return flat("not all parts want to be long")
    exposure = quantize(sum(each * float(wanted.exposure or 0) for each, wanted in long) / weight)
    if exposure <= 0:
        return flat("weight too small for an exposure")
    return Desire(exposure, _tightest(long), "parts want to be long")


def _tightest(long: list[tuple[float, Desire]]) -> Decimal | None:
    return min((wanted.stop for _, wanted in long if wanted.stop is not None), default=None)
