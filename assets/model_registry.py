"""Between a trained model as a value and its row in the registry, and which of them is in force."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from adapters.store import feature_ranges, model_states
from adapters.store import models as registry
from assets.resources import Desk
from models.model import Model
from trading.errors import BadData

if TYPE_CHECKING:
    import polars as pl

PRICES = "price_models"
_DEFAULT = "in force by default, not by evidence: it is the first model of its book"
_WAITS = "trained; it is used once evidence has promoted it"


def store(at: Desk, table: str, model: Model) -> bool:
    """Write `model` into training.<table>; False when the very same model is there already."""
    row = asdict(model)
    row["parameters"] = row.pop("params")
    row["features"] = list(model.features)
    marks = {"knowledge_ts": at.clock.now(), "run_id": at.run_id, "code_version": at.code_version}
    with at.database.transaction() as connection:
        return registry.add(connection, table, at.book, row, marks)


def enter(at: Desk, model: Model, ranges: "pl.DataFrame") -> str:
    """Keep the `ranges` (models/drift.py) of a stored price model and return the state that it is in.

    The first model of a book is its champion by default; each later one is a candidate until evidence promotes it.
    """
    now = at.clock.now()
    with at.database.transaction() as connection:
        feature_ranges.add(connection, at.book, model.model_id, ranges)
        standing = model_states.now(connection, at.book)
        if model.model_id not in standing:
            state, why = ("candidate", _WAITS) if standing else ("champion", _DEFAULT)
            model_states.put(connection, at.book, model.model_id, state, model_states.ITSELF, why, now)
        return str(model_states.now(connection, at.book)[model.model_id]["state"])


def newest(at: Desk, table: str) -> Model:
    """Return the newest model of the book in training.<table>; BadData when there is none."""
    with at.database.transaction() as connection:
        row: dict[str, Any] = registry.newest(connection, table, at.book)
    return model(row)


def in_state(at: Desk, state: str) -> list[Model]:
    """Return the price models of the book that are in `state`, the one that came there last first."""
    with at.database.transaction() as connection:
        ids = model_states.in_state(connection, at.book, state)
        rows = [registry.named(connection, PRICES, at.book, model_id) for model_id in ids]
    return [model(row) for row in rows]


def champion(at: Desk) -> Model:
    """Return the price model in force; BadData, with the reason, when the book has none (any more)."""
    found = in_state(at, "champion")
    if found:
        return found[0]
    with at.database.transaction() as connection:
        last = model_states.last_champion(connection, at.book)
        why = None if last is None else model_states.now(connection, at.book)[last]["why"]
    if last is None:
        raise BadData(f"book {at.book} has no price model in force; materialise training/price_models first")
    raise BadData(f"book {at.book} has no price model in force: {last[:12]} was retired ({why})")


def model(row: Mapping[str, Any]) -> Model:
    """Return the model of a row of the registry, whatever else the row tells."""
    values = {**row, "params": row["parameters"], "features": tuple(row["features"])}
    return Model(**{each.name: values[each.name] for each in fields(Model)})
