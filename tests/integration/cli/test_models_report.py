"""`tradewind models report`, as typed: what it prints, that the seed decides it, and what it refuses."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.program import enter
from tests.integration.cli.test_json import assert_documented

Typed = Callable[..., tuple[int, dict[str, Any]]]
QUICK = ("--horizon", "4", "--folds", "2", "--paths", "100", "--symbols", "BTC/USDT")


@pytest.fixture
def typed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Typed:
    """Enter the verb with a data folder of its own; return the exit code and what --json printed."""

    def enter_it(*arguments: str) -> tuple[int, dict[str, Any]]:
        code = enter(["models", "report", *arguments, "--data-dir", str(tmp_path), "--json"])
        return code, json.loads(capsys.readouterr().out.splitlines()[-1])

    return enter_it


def test_it_prints_what_is_documented_and_the_seed_decides(typed: Typed) -> None:
    code, told = typed(*QUICK)
    assert code == 0
    assert_documented("models report", told)
    assert [one["target"] for one in told["forecasts"]] == ["return", "direction", "volatility"]
    assert [one["who"] for one in told["after_costs"]] == ["trees", "line", "hold"]
    for one in told["forecasts"]:
        assert set(one["models"]) == {"trees", "line"}
        for scored in one["models"].values():
            for band in scored.values():
                assert band["low"] <= band["value"] <= band["high"]
    again = typed(*QUICK, "--target", "volatility")[1]
    assert again["forecasts"] == told["forecasts"][2:]


def test_a_table_is_printed_and_wrong_options_are_named(
    typed: Typed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["models", "report", *QUICK, "--target", "return", "--data-dir", str(tmp_path)]
    assert enter(arguments) == 0
    said = capsys.readouterr().out
    assert "forecasts of bars not seen" in said
    assert "after costs" in said
    code, told = typed(*QUICK, "--folds", "5000", "--target", "return")
    assert code == 2
    assert "5000 folds need 5001 distinct times" in told["message"]


@pytest.mark.data
def test_it_scores_real_candles(typed: Typed) -> None:
    file = Path(os.environ["TRADEWIND_TEST_DATA"]) / "candles/1h_binance/binance_USTUSDT_1h.parquet"
    code, told = typed("--candles", str(file), "--horizon", "1", "--target", "volatility", "--folds", "2")
    assert code == 0
    assert told["forecasts"][0]["models"]["trees"]["skill"]["value"] < 1
