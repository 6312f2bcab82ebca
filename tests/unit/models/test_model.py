"""The identity of a model."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from models.model import Model, build, verify
from trading.errors import BadData

AT = datetime(2024, 1, 1, tzinfo=UTC)
PARTS: dict[str, Any] = {
    "kind": "rule",
    "features": ("a", "b"),
    "params": {"rounds": 3, "rate": 0.1, "name": "x", "on": True},
    "seed": 7,
    "trained_from": AT,
    "trained_to": AT,
    "data_hash": "0f",
    "scores": {"skill": -0.0, "rows": 300.0, "tiny": 1e-7},
    "artefact": "text",
}


def test_the_id_covers_everything_that_makes_the_model():
    changes: list[dict[str, Any]] = [
        {"kind": "other"},
        {"features": ("b", "a")},
        {"params": {**PARTS["params"], "rate": 0.2}},
        {"params": {**PARTS["params"], "on": False}},
        {"seed": 8},
        {"data_hash": "10"},
        {"scores": {**PARTS["scores"], "skill": 0.1}},
        {"artefact": "Text"},
    ]
    assert len({build(**{**PARTS, **change}).model_id for change in [{}, *changes]}) == len(changes) + 1


@pytest.mark.parametrize(
    "scores", [{"skill": 0, "rows": 300, "tiny": 0.0000001}, {"tiny": 1e-7, "rows": 300.0, "skill": 0.0}]
)
def test_a_model_that_went_through_a_json_column_is_sound(scores: dict[str, float]):
    model = build(**PARTS)
    stored = Model(**{**vars(model), "params": json.loads(json.dumps(model.params)), "scores": scores})
    verify(stored, "rule")


def test_damage_and_another_kind_are_told():
    with pytest.raises(BadData, match="is damaged"):
        verify(replace(build(**PARTS), artefact="tex"), "rule")
    with pytest.raises(BadData, match="is a rule, not a regime"):
        verify(build(**PARTS), "regime")
