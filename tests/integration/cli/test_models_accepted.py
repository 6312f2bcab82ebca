"""`tradewind models promote` where there is something to find: who found it is put in force, who did not is not."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest

from adapters.store import model_states
from adapters.store.database import Database
from cli.program import enter
from models.forecast import linear_return
from tests.integration.assets.traded_book import BOOK, HOUR, SYMBOLS
from tests.integration.cli.model_history import END, HORIZON, add, past, store_history
from trading.candle import PANEL
from trading.indicators.technical import FEATURES

BARS, UNSEEN_DAYS, FEE = 4000, 80, "0.0002"


def trending(seed: int, strength: float) -> pl.DataFrame:
    """Return bars whose drift lasts for days and is `strength` deviations of an hour's noise."""
    print(f"seed {seed}")
    chance = np.random.default_rng(seed)
    parts = []
    for symbol in SYMBOLS:
        drift = np.zeros(BARS)
        for bar in range(1, BARS):
            drift[bar] = 0.98 * drift[bar - 1] + 0.199 * chance.normal()
        close = 100 * np.exp(np.cumsum(0.005 * (chance.normal(size=BARS) + strength * drift)))
        opens = np.concatenate([[100.0], close[:-1]])
        span = 0.002 * np.abs(chance.normal(size=(2, BARS)))
        columns = {
            "symbol": symbol,
            "ts": [END - HOUR * (BARS - bar) for bar in range(BARS)],
            "open": opens,
            "high": np.maximum(opens, close) * (1 + span[0]),
            "low": np.minimum(opens, close) * (1 - span[1]),
            "close": close,
            "volume": chance.uniform(50.0, 150.0, BARS),
        }
        parts.append(pl.DataFrame(columns))
    return pl.concat(parts).select(list(PANEL)).with_columns(pl.col("ts").dt.cast_time_unit("us")).sort("symbol", "ts")


@pytest.fixture
def typed(
    database: str, monkeypatch: pytest.MonkeyPatch, tmp_path, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, dict[str, Any]]]:
    monkeypatch.setenv("TRADEWIND_DATABASE_URL", database)

    def enter_it(verb: str, *arguments: str) -> tuple[int, dict[str, Any]]:
        said = ["--reason", "a test", "--by", "me", "--data-dir", str(tmp_path), "--json"]
        code = enter(["models", verb, *arguments, *said])
        return code, json.loads(capsys.readouterr().out.splitlines()[-1])

    return enter_it


def test_who_proves_it_is_put_in_force_in_the_place_of_who_could_not(database: str, typed: Callable[..., Any]) -> None:
    panel = trending(11, 0.5)
    with Database(database) as book:
        learned = past(store_history(book, panel), panel, UNSEEN_DAYS)
        nothing = learned.with_columns(label=learned["label"].shuffle(seed=3))
        blind, seeing = (linear_return.fit(rows, FEATURES, HORIZON, 5, folds=2) for rows in (nothing, learned))
        add(book, blind, nothing, "champion")
        add(book, seeing, learned)

        code, told = typed("promote", seeing.model_id, "--fee", FEE, "--dry-run")
        assert (code, told["refused"], told["promoted"]) == (0, [], False), told
        assert states(book) == {blind.model_id: "champion"}

        code, told = typed("promote", seeing.model_id, "--fee", FEE, "--to", "canary")
        assert (code, told["promoted"]) == (0, True), told
        assert states(book) == {blind.model_id: "champion", seeing.model_id: "canary"}

        code, told = typed("promote", seeing.model_id, "--fee", FEE)
        assert (code, told["promoted"]) == (0, True), told
        assert told["evidence"]["beyond"]["low"] > 0
        assert states(book) == {blind.model_id: "retired", seeing.model_id: "champion"}
        with book.transaction() as connection:
            kept = model_states.history(connection, BOOK, seeing.model_id)
        assert [row["evidence"] for row in kept][-1] == told["evidence"]

        # The way back is the same way: nobody is put in force because he was once.
        code, told = typed("promote", blind.model_id, "--fee", FEE)
        assert (code, told["promoted"]) == (1, False)
        assert any(line.startswith("no better than the champion") for line in told["refused"]), told["refused"]
        assert states(book)[seeing.model_id] == "champion"


def test_what_costs_eat_up_is_refused(database: str, typed: Callable[..., Any]) -> None:
    panel = trending(11, 0.5)
    with Database(database) as book:
        learned = past(store_history(book, panel), panel, UNSEEN_DAYS)
        seeing = linear_return.fit(learned, FEATURES, HORIZON, 5, folds=2)
        add(book, seeing, learned)
        code, told = typed("promote", seeing.model_id, "--fee", "0.02")
        assert (code, told["promoted"]) == (1, False)
        assert any("after costs" in line for line in told["refused"]), told["refused"]
        assert states(book) == {}


def states(book: Database) -> dict[str, str]:
    with book.transaction() as connection:
        return {model_id: row["state"] for model_id, row in model_states.now(connection, BOOK).items()}
