"""What a person supposes: NAME=VALUE, each another limit, another fee rate or another model."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from cli.limit_values import wanted
from trading.errors import Misconfigured
from trading.limits import Limits
from trading.simulation.fee_change import Rates

#: Which rates each name of a fee stands for.
_FEES = {"fee": ("maker", "taker"), "maker": ("maker",), "taker": ("taker",)}
_MODEL = "model"
_HIGHEST_FEE = Decimal("0.1")


@dataclass(frozen=True)
class Supposed:
    """What was given by name, as it was written, and what it means; `rates` and `model` are None where not given."""

    given: dict[str, str] = field(default_factory=dict[str, str])
    limits: dict[str, str] = field(default_factory=dict[str, str])
    rates: Rates | None = None
    model: str | None = None


def supposed(given: Sequence[str], option: str) -> Supposed:
    """Return what is supposed; `option` is what stood before each on the command line, such as `--change `.

    Raises:
        Misconfigured: one is not NAME=VALUE, is not known, comes twice or has a value out of its range.
    """
    others: dict[str, str] = {}
    limits: list[str] = []
    for each in given:
        name, _, value = each.partition("=")
        if name not in (*_FEES, _MODEL):
            limits.append(_known(each, option))
        elif name in others:
            raise Misconfigured(f"{option}{name} is given twice")
        else:
            others[name] = value
    chosen = wanted(limits, option)
    return Supposed({**chosen, **others}, chosen, _rates(others, option), _model(others, option))


def _known(each: str, option: str) -> str:
    found = re.fullmatch(r"(?:limit\.)?(\w+)=.+", each)
    if found and found[1] not in Limits.model_fields:
        limits, others = ", ".join(Limits.model_fields), ", ".join((*_FEES, _MODEL))
        raise Misconfigured(f"{option}{found[1]}: there is no such limit; there are {limits}; and beside them {others}")
    return each


def _rates(others: dict[str, str], option: str) -> Rates | None:
    rates: dict[str, Decimal] = {}
    for name, sides in _FEES.items():
        if name not in others:
            continue
        if already := [side for side in sides if side in rates]:
            raise Misconfigured(f"{option}{name}: fee stands for maker and taker, so {already[0]} is given twice")
        rates |= dict.fromkeys(sides, _rate(name, others[name], option))
    return Rates(**rates) if rates else None


def _rate(name: str, value: str, option: str) -> Decimal:
    try:
        rate = Decimal(value)
    except InvalidOperation:
        raise Misconfigured(f"{option}{name}: {value!r} is no number, such as 0.001 for 0.1 %") from None
    if not rate.is_finite() or not 0 <= rate <= _HIGHEST_FEE:
        raise Misconfigured(f"{option}{name}: {value} is not within 0 to {_HIGHEST_FEE}; 0.001 is 0.1 %")
    return rate


def _model(others: dict[str, str], option: str) -> str | None:
    name = others.get(_MODEL)
    if name is not None and not re.fullmatch(r"[0-9a-f]+", name):
        raise Misconfigured(f"{option}model: {name!r} is no id of a model nor the beginning of one")
    return name
