"""Between a trained model as a value and its row in the registry."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from adapters.store import models as registry
from assets.resources import Desk
from models.model import Model


def store(at: Desk, table: str, model: Model) -> bool:
    """Write `model` into training.<table>; False when the very same model is there already."""
    row = asdict(model)
    row["parameters"] = row.pop("params")
    row["features"] = list(model.features)
    marks = {"knowledge_ts": at.clock.now(), "run_id": at.run_id, "code_version": at.code_version}
    with at.database.transaction() as connection:
        return registry.add(connection, table, at.book, row, marks)


def newest(at: Desk, table: str) -> Model:
    """Return the newest model of the book in training.<table>; BadData when there is none."""
    with at.database.transaction() as connection:
        row: dict[str, Any] = registry.newest(connection, table, at.book)
    return model(row)


def model(row: Mapping[str, Any]) -> Model:
    """Return the model of a row of the registry, whatever else the row tells."""
    values = {**row, "params": row["parameters"], "features": tuple(row["features"])}
    return Model(**{each.name: values[each.name] for each in fields(Model)})
