"""Asset training/rule_models: a row per strategy that follows a rule, so that its orders can name what they rest on."""

import json

import dagster as dg

from assets import model_registry
from assets.resources import DeskResource


@dg.asset(key_prefix="training", group_name="training", kinds={"python", "postgres"})
def rule_models(context: dg.AssetExecutionContext, desk: DeskResource) -> dg.MaterializeResult:
    """One row per rule strategy of the book: its parameters are its model, nothing is learned."""
    from models.model import build
    from trading.audit import digest
    from trading.strategies.registry import parameters

    with desk.open(context) as at:
        now = at.clock.now()
        names = [name for name in at.strategies if name != "follow_forecast"]
        for name in names:
            chosen = parameters(name, at.parameters.get(name, {})).model_dump(mode="json")
            model = build(
                kind=f"rule_{name}",
                features=(),
                params={"strategy": name},
                seed=at.seed,
                trained_from=at.history_start,
                trained_to=now,
                data_hash=digest(chosen),
                scores={},
                artefact=json.dumps(chosen, sort_keys=True),
            )
            model_registry.store(at, "rule_models", model)
    return dg.MaterializeResult(metadata={"dagster/row_count": len(names), "strategies": ", ".join(names)})
