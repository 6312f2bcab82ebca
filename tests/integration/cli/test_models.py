"""`tradewind models` on a book, as typed: list, tune, promote, demote, card, show, explain, and what they refuse."""

import json
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from adapters.store.database import Database
from adapters.store.frames import Store
from cli.program import enter
from models.forecast import lightgbm_return
from tests.integration.assets.traded_book import BOOK, HOUR, SYMBOLS
from tests.integration.cli.model_history import END, FIRST, FRAME, HORIZON, KEYS, add, past, store_history
from tests.integration.cli.test_json import assert_documented
from trading.indicators.technical import FEATURES
from trading.simulation.random_market import DEFAULT_SPECS, bars

Typed = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def champion(database: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A book of 60 days with features, forecasts of its last day and a champion trained on all before its last 22."""
    monkeypatch.setenv("TRADEWIND_DATABASE_URL", database)
    with Database(database) as book:
        panel = bars(5, DEFAULT_SPECS[:2], FRAME, FIRST, END)
        features = store_history(book, panel)
        learned = past(features, panel, 22)
        model = lightgbm_return.fit(learned, FEATURES, HORIZON, 5, folds=2, params={"rounds": 10})
        add(book, model, learned, "champion")
        told = lightgbm_return.predict(model, features.filter(pl.col("ts") >= END - 24 * HOUR))
        stored = told.with_columns(**KEYS, book=pl.lit(BOOK), model_id=pl.lit(model.model_id))
        Store(book, "test", "0").write("forecasts.price_forecasts", stored)
    return model.model_id


@pytest.fixture
def typed(tmp_path, capsys: pytest.CaptureFixture[str]) -> Typed:
    def enter_it(verb: str, *arguments: str) -> tuple[int, dict[str, Any]]:
        code = enter(["models", verb, *arguments, "--data-dir", str(tmp_path), "--json"])
        return code, json.loads(capsys.readouterr().out.splitlines()[-1])

    return enter_it


def test_a_candidate_is_tuned_refused_watched_and_the_champion_retired(champion: str, typed: Typed) -> None:
    code, tuned = typed("tune", "--trials", "2", "--folds", "1", "--holdout", "21")
    assert code == 0
    assert_documented("models tune", tuned)
    assert (tuned["trials"], tuned["counted"]) == (2, 4)
    challenger = tuned["model_id"]
    code, told = typed("promote", challenger[:12], "--reason", "it looks good", "--by", "me")
    assert code == 1
    assert_documented("models promote", told)
    assert not told["promoted"]
    assert told["evidence"]["trials"] == 4
    assert any("no better than the champion" in line for line in told["refused"]), told["refused"]
    assert {name: len(each) for name, each in told["evidence"]["controls"].items()} == {
        "shuffled labels": 8,
        "random features": 8,
    }
    code, told = typed("promote", challenger, "--to", "shadow", "--reason", "let us see", "--by", "me")
    assert (code, told["promoted"], told["refused"]) == (0, True, [])
    code, listed = typed("list")
    assert_documented("models list", listed)
    assert {row["model_id"]: row["state"] for row in listed["models"]} == {champion: "champion", challenger: "shadow"}
    code, told = typed("demote", champion, "--reason", "no more", "--by", "me")
    assert (code, told) == (0, {"book": BOOK, "model_id": champion, "retired": True})
    assert_documented("models demote", told)
    assert not typed("demote", champion, "--reason", "again", "--by", "me")[1]["retired"]
    code, shown = typed("show", champion)
    assert_documented("models show", shown)
    assert [row["state"] for row in shown["states"]] == ["champion", "retired"]
    # The same search again tries nothing new, and nothing is counted twice.
    again = typed("tune", "--trials", "2", "--folds", "1", "--holdout", "21")[1]
    assert {**again, "seconds": 0} == {**tuned, "seconds": 0}


def test_a_forecast_is_explained_by_parts_that_sum_to_it(champion: str, typed: Typed) -> None:
    code, told = typed("explain", "--symbol", SYMBOLS[0])
    assert code == 0
    assert_documented("models explain", told)
    assert told["expected_return"] == pytest.approx(told["stored_return"], rel=1e-9, abs=1e-15)
    parts = sum(part["added"] for part in told["features"]) + told["others"] + told["bias"]
    assert parts == pytest.approx(told["expected_return"])
    assert len(told["features"]) == 5
    sizes = [abs(part["added"]) for part in told["features"]]
    assert sizes == sorted(sizes, reverse=True)
    at = f"{END - 5 * HOUR:%Y-%m-%dT%H:%M}"
    assert typed("explain", "--symbol", SYMBOLS[0], "--ts", at, "--top", "2")[1]["ts"].startswith(at[:10])
    code, card = typed("card", champion[:10])
    assert_documented("models card", card)
    for said in ("## Where it comes from", "outcomes within the 80 % band", "**champion** by tradewind: the first"):
        assert said in card["markdown"]


def test_what_is_wrong_is_named(champion: str, typed: Typed) -> None:
    wrong = {
        ("card", "nothing"): "no model begins with nothing",
        ("explain",): "say which forecast",
        ("explain", "--symbol", "X/Y"): "has no forecast of it",
        ("explain", "--symbol", "BTC/USDT", "--ts", "soon"): "--ts soon is no time",
        ("tune", "--trials", "1", "--holdout", "3000"): "--holdout 3000: lightgbm_return: 0 complete training rows",
        ("list", "--book", "nobody"): "there is no such book",
    }
    for arguments, said in wrong.items():
        code, told = typed(*arguments)
        assert code == 2
        assert said in told["message"]
