"""`tradewind replay --change` with other fees and another model: what differs, exactly that, and what it would cost."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import psycopg
import pytest
from typer.testing import CliRunner

from adapters.store import parameters, signals
from adapters.store.frames import Store
from cli.program import app
from cli.remade_answer import as_object
from models.forecast import lightgbm_return
from models.labels import training_set
from tests.integration.cli.explained_book import (
    BAR,
    HORIZON,
    HOUR,
    LEARNED,
    SERIES,
    VENUE,
    Explained,
    open_book,
    traded,
)
from tests.integration.cli.test_json import assert_documented
from tests.integration.cli.test_remade import REMADE
from tests.integration.cli.test_verify import plant_in
from tests.integration.execution import conftest
from tests.integration.execution.conftest import floor, start_simulator
from tests.integration.execution.floor import BOOK, SYMBOL, TOPIC, Floor
from trading.audit import digest_row
from trading.indicators.technical import FEATURES
from trading.signal import Lineage
from trading.strategies.knowledge import Knowledge, Place, signal
from trading.strategies.registry import parameters as chosen
from trading.strategies.registry import strategy

__all__ = ["floor", "start_simulator"]

D = Decimal


@pytest.fixture(autouse=True)
def own_book(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conftest, "open_book", open_book)


@pytest.fixture
def at(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> Floor:
    monkeypatch.setenv("TRADEWIND_DATABASE_URL", floor.database.url)
    return floor


def replay(*options: str, code: int = 0) -> str:
    done = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["replay", *options])
    assert done.exit_code == code, done.output
    return done.output


def as_json(*options: str, code: int = 0) -> dict[str, Any]:
    return json.loads(replay(*options, "--json", code=code).splitlines()[-1])


def decide(book: Explained) -> None:
    """Let `follow_forecast` desire what it does desire at the newest bar, as its asset would."""
    now, store = book.floor.now(), Store(book.floor.database, "reader", "0")
    bar = BAR.open_of(now) - HOUR
    tables = {"features": "features.technical_features", "forecast": "forecasts.price_forecasts"}
    tables |= {"regime": "forecasts.market_regimes", "candle": "market.candles"}
    found: dict[str, dict[str, Any]] = {}
    for name, table in tables.items():
        where = SERIES if name == "candle" else {"book": BOOK, **SERIES}
        found[name] = store.read(table, where, bar, bar + HOUR, as_of=now).row(0, named=True)
    values, known = chosen(LEARNED, {}), Knowledge(**found)
    base, quote = signals.holdings(book.floor.database, BOOK)[LEARNED, SYMBOL]
    desire = strategy(LEARNED)(known.row((float(base), float(quote)), bar, BAR), values)
    with book.floor.database.transaction() as connection:
        version = parameters.ensure_strategy(connection, LEARNED, values, "test", "test")
    features, candle, forecast = (digest_row(found[name]) for name in ("features", "candle", "forecast"))
    lineage = Lineage("run", "0.1.0", book.models["price_models"], features, candle, version, forecast)
    made = signal(Place(BOOK, LEARNED, VENUE, SYMBOL, BAR), bar, now, known, desire, lineage)
    assert signals.publish(book.floor.database, [made], TOPIC) == 1
    book.floor.tell(made)
    book.floor.settle()


def another(book: Explained, hours: int, seed: int = 77) -> str:
    """Store a model of the bars before the last `hours`, older than the one that is in use; return its id."""
    first, now = book.models["price_models"], book.floor.now()
    store = book.run()
    where = {"book": BOOK, **SERIES}
    features = store.read("features.technical_features", where, as_of=now, columns=["symbol", "ts", *FEATURES])
    rows = training_set(features, book.known(store, now), BAR, HORIZON).filter(pl.col("t1") <= now - hours * HOUR)
    made = lightgbm_return.fit(rows, FEATURES, HORIZON, seed, folds=2, params={"rounds": 60, "learning_rate": 0.1})
    book.add("price_models", made, now - timedelta(days=30))
    book.models["price_models"] = first
    return made.model_id


def test_another_model_changes_exactly_the_signals_it_would_have_made_otherwise(at: Floor):
    book = Explained(at)
    book.begin()
    for _ in range(4):
        decide(book)
        book.step()
    used = book.models["price_models"]
    same = as_json("--change", f"model={used}")
    assert same["different"] == same["broken"] == []
    assert (same["signals"], same["model"]["signals"], same["model"]["foreseen"]) == ({}, 4, 0)
    assert same["stored_hash"] == same["replayed_hash"]

    other = another(book, hours=5)
    found = as_json("--change", f"model={other[:10]}")
    assert_documented(
        "replay", found | {"fees": as_json("--change", "fee=0")["fees"]} | {"remade": [as_object(REMADE)]}
    )
    assert (found["broken"], found["model"]["model_id"], found["model"]["foreseen"]) == ([], other, 0)
    stored = {row["signal_id"]: row for row in at.rows("select * from signals.strategy_signals")}
    features = Store(at.database, "reader", "0").read("features.technical_features", {"book": BOOK, **SERIES})
    told = lightgbm_return.predict(book.made["price_models"], features)
    differing = 0
    for signal_id, row in stored.items():
        shown = told.filter(pl.col("ts") == row["ts"]).row(0, named=True)
        volatility = features.filter(pl.col("ts") == row["ts"])["volatility_24"][0]
        desire = strategy(LEARNED)({**shown, "volatility_24": volatility}, chosen(LEARNED, {}))
        wanted = (desire.exposure, desire.stop, desire.reason)
        if wanted == (row["exposure"], row["stop"], row["reason"]):
            assert signal_id not in found["signals"]
            continue
        differing += 1
        after = found["signals"][signal_id]["after"]
        assert (D(after["exposure"]), after["reason"]) == (desire.exposure, desire.reason)
    assert len(found["signals"]) == differing > 0
    assert {row["signal_id"] for row in found["different"]} <= set(found["signals"])
    assert found["different"]
    assert f"different {differing}   by model {other[:12]}" in replay("--change", f"model={other}")
    # Nothing was stored, and what is stored is what was traded.
    assert as_json()["different"] == []


def test_what_cannot_be_known_about_another_model_is_said(at: Floor):
    book = Explained(at)
    book.begin()
    for _ in range(8):
        book.step()
    decide(book)
    late = another(book, hours=0)
    assert "seen the future" not in replay("--change", f"model={late}")
    for _ in range(5):
        book.step()
    seen = another(book, hours=0, seed=78)
    assert as_json("--change", f"model={seen}")["model"]["foreseen"] == 1
    assert "it has seen the future of 1 of them" in replay("--change", f"model={seen}")

    assert "no model begins with 0123456789" in replay("--change", "model=0123456789", code=2)
    with psycopg.connect(at.database.url) as connection:
        # The same beginning twice.
        connection.execute(
            "insert into training.price_models select book, %s, kind, features, parameters, seed, trained_from,"
            " trained_to, data_hash, scores, artefact, knowledge_ts, run_id, code_version from training.price_models"
            " where model_id = %s",
            (f"{seen[:20]}{'0' * 44}", seen),
        )
    assert "several models begin with" in replay("--change", f"model={seen[:20]}", code=2)
    assert "is damaged" in replay("--change", f"model={seen[:20]}{'0' * 44}", code=2)

    plant_in(at.database.url, "update features.technical_features set rsi_14 = 1")
    assert "the features that its signal rests on are not stored" in replay("--change", f"model={late}", code=1)


def test_other_fees_change_no_decision_and_cost_what_they_cost(at: Floor):
    traded(at)
    fills = at.rows("select * from trading.fills")
    decided = len(at.rows("select * from trading.risk_decisions"))
    bought = [row for row in fills if row["side"] == "BUY"]
    found = as_json("--change", "fee=0.002")
    assert (found["changes"], found["decisions"], found["different"]) == ({"fee": "0.002"}, decided, [])
    base = found["fees"]["BTC"]
    assert (base["fills"], D(base["was"])) == (len(bought), sum(row["fee"] for row in bought))
    # The simulator charges 0.1 % in BTC for a purchase, to eight decimals.
    assert all(row["fee"] == round(row["quantity"] / 1000, 8) for row in bought)
    assert D(base["would_be"]) == sum(round(row["quantity"] / 500, 8) for row in bought)
    assert all(D(one["difference"]) == D(one["would_be"]) - D(one["was"]) for one in found["fees"].values())
    same = as_json("--change", "fee=0.001")["fees"]
    assert [one["difference"] for one in same.values()] == ["0"] * len(same)
    assert as_json("--change", "maker=0.05")["fees"]["BTC"]["difference"] == "0"

    said = replay("--change", "fee=0.002")
    assert "no decision of this time depends on fees" in said
    assert base["would_be"] in said
    least = min(row["price"] for row in fills) / 1000
    both = as_json("--change", "taker=0.0005", "--change", f"max_order_value={least}")
    assert both["different"] == as_json("--change", f"max_order_value={least}")["different"] != []
    assert both["changes"] == {"max_order_value": str(least), "taker": "0.0005"}
    assert "nothing filled in this time" in replay("2001-01-01", "--change", "fee=0")
