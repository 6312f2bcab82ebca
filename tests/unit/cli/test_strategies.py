"""The verb that shows the strategies: a table of all, a table of the parameters of one, everything as JSON."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.program import app
from trading.strategies.registry import STRATEGIES, parameters, schema


def shown(*words: str) -> str:
    done = CliRunner().invoke(app, ["strategies", *words], env={"COLUMNS": "400"})
    assert done.exit_code == 0
    return done.stdout


def told(*words: str) -> list[dict[str, Any]]:
    return json.loads(shown(*words, "--json").splitlines()[-1])["strategies"]


def cells(text: str) -> dict[str, list[str]]:
    rows = [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in text.splitlines() if line.strip()]
    return {first: rest for first, *rest in rows}


def test_all_strategies_are_listed_with_what_they_do() -> None:
    rows = cells(shown())
    assert list(rows)[1:] == list(STRATEGIES)
    assert rows["mean_reversion"] == [STRATEGIES["mean_reversion"].about, "8"]


def test_the_parameters_of_one_are_listed_with_default_range_and_meaning() -> None:
    rows = cells(shown("mean_reversion"))
    assert set(schema("mean_reversion")["properties"]) < set(rows)
    assert rows["entry"] == ["1.0", "> 0, <= 10", "buy when the close lies at least this far below its mean"]
    assert rows["z_score"][:2] == ["close_z_24", "close_z_24 | close_z_72"]
    assert rows["regimes"][:2] == ["calm, normal", "list of calm | normal | turbulent"]


def test_parts_of_a_combined_one_are_shown_in_short() -> None:
    rows = cells(shown("combine"))
    assert rows["parts"][:2] == [
        "(trend, 1.0, ...), (mean_reversion, 1.0, ...)",
        "list of (strategy, weight, parameters)",
    ]


def test_json_says_all_that_a_form_needs() -> None:
    everything = told()
    assert [one["strategy"] for one in everything] == list(STRATEGIES)
    for one in everything:
        name = one["strategy"]
        assert told(name) == [one]
        assert one["schema"] == json.loads(json.dumps(schema(name)))
        assert one["parameters"] == len(one["schema"]["properties"])
        assert tuple(one["columns"]) == STRATEGIES[name].columns(parameters(name, {}))


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_an_unknown_strategy_is_named(options: list[str]) -> None:
    done = CliRunner().invoke(app, ["strategies", "moonshot", *options])
    assert done.exit_code == 2
    assert "tradewind: unknown strategy 'moonshot'; known are combine, " in done.stderr
    if options:
        assert json.loads(done.stdout)["error"] == "Misconfigured"
