"""The kinds of price models that can be used: by the name that a model carries, what fits and what predicts."""

from types import ModuleType

from models.forecast import lightgbm_return, linear_return
from trading.errors import BadData

KINDS: dict[str, ModuleType] = {module.KIND: module for module in (lightgbm_return, linear_return)}


def of(kind: str) -> ModuleType:
    """Return the module (fit, predict) of the price models of this `kind`; BadData where there is none."""
    if kind not in KINDS:
        raise BadData(f"{kind} is no kind of price model; known are {', '.join(KINDS)}")
    return KINDS[kind]
