"""`tradewind models` on a book, as typed: list, tune, promote, demote, card, show, explain, and what they refuse."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import polars as pl
import pytest

from adapters.store import feature_ranges, model_states, models
from adapters.store.database import Database
from adapters.store.frames import Store
from adapters.store.migrate import migrate
from cli.program import enter
from models import drift
from models.forecast import lightgbm_return
from models.labels import training_set
from tests.integration.assets.traded_book import BOOK, HOUR, START, SYMBOLS, VENUE, open_book
from tests.integration.cli.test_json import assert_documented
from trading.indicators.technical import FEATURES, technical_features
from trading.simulation.random_market import DEFAULT_SPECS, bars
from trading.timeframe import Timeframe

FRAME = Timeframe.parse("1h")
FIRST, END = START - 1500 * HOUR, START + 28 * HOUR
Typed = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def champion(database: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A book of 60 days with features, forecasts of its last day and a champion trained on all before its last 22."""
    migrate(database)
    monkeypatch.setenv("TRADEWIND_DATABASE_URL", database)
    with Database(database) as book:
        open_book(book)
        panel = bars(5, DEFAULT_SPECS[:2], FRAME, FIRST, END)
        features = technical_features(panel, FRAME)
        keys = {"venue": pl.lit(VENUE), "timeframe": pl.lit("1h"), "knowledge_ts": pl.col("ts") + HOUR}
        store = Store(book, "test", "0")
        store.write("market.candles", panel.with_columns(**keys))
        store.write("features.technical_features", features.with_columns(**keys, book=pl.lit(BOOK)))
        past = training_set(features, panel, FRAME, 4).filter(pl.col("t1") <= END - timedelta(days=22))
        model = lightgbm_return.fit(past, FEATURES, 4, 5, folds=2, params={"rounds": 10})
        row = {**vars(model), "parameters": dict(model.params), "features": list(model.features)}
        row["scores"] = dict(model.scores)
        row.pop("params")
        told = lightgbm_return.predict(model, features.filter(pl.col("ts") >= END - 24 * HOUR))
        stored = told.with_columns(**keys, book=pl.lit(BOOK), model_id=pl.lit(model.model_id))
        store.write("forecasts.price_forecasts", stored)
        with book.transaction() as connection:
            connection.execute(
                "update ops.books set configuration = configuration || jsonb_build_object('history_start', %s::text)",
                (FIRST.isoformat(),),
            )
            marks = {"knowledge_ts": START, "run_id": "test", "code_version": "0"}
            models.add(connection, "price_models", BOOK, row, marks)
            ranges = drift.ranges(lightgbm_return.training_rows(past, FEATURES), FEATURES)
            feature_ranges.add(connection, BOOK, model.model_id, ranges)
            model_states.put(connection, BOOK, model.model_id, "champion", "tradewind", "the first", START)
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
