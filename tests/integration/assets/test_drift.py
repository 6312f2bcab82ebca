"""The check of drift: silent on what is as promised; else it closes the gate of exactly that symbol, or ends a term."""

import dagster as dg
import pytest

from adapters import compose
from adapters.store import accounts, model_states
from adapters.store.database import Database
from assets.checks.drift import forecasts_are_as_promised
from assets.forecasts.price_forecasts import price_forecasts
from assets.resources import DeskResource
from models.model import Model
from tests.integration.assets.modelled_book import DAY, NOW, Stopped, churn, forecast, put, stored
from tests.integration.assets.traded_book import BOOK, SYMBOLS, VENUE

pytestmark = [
    # Dagster calls what pydantic has deprecated.
    pytest.mark.filterwarnings("ignore::DeprecationWarning:dagster.*"),
]


@pytest.fixture(autouse=True)
def stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compose, "clock", lambda _settings: Stopped(NOW))


def judged() -> tuple[bool, dict[str, str]]:
    """Tell and judge; return whether it passed, and its metadata."""
    done = dg.materialize(
        [price_forecasts, forecasts_are_as_promised],
        partition_key=DAY,
        resources={"desk": DeskResource()},
    )
    (event,) = done.get_asset_check_evaluations()
    return event.passed, {name: str(value.value) for name, value in event.metadata.items()}


def gates(book: Database) -> dict[str, bool]:
    """Return by symbol whether its gate is closed."""
    with book.transaction() as connection:
        return {symbol: not accounts.gate(connection, BOOK, VENUE, symbol)[0] for symbol in SYMBOLS}


def state(book: Database, model: Model) -> str:
    with book.transaction() as connection:
        return model_states.now(connection, BOOK)[model.model_id]["state"]


def test_what_is_as_promised_passes_and_no_model_is_named(book: Database) -> None:
    made = stored(book)
    passed, said = judged()
    assert not passed
    assert "no price model in force" in said["not judged"]
    put(book, made["trees"], "champion")
    passed, said = judged()
    assert passed, said
    assert said["features judged"] == "3"
    assert f"plot of drift {SYMBOLS[0]}" in said
    assert not any(gates(book).values())
    assert state(book, made["trees"]) == "champion"


def test_features_that_have_drifted_close_gates_and_on_most_symbols_end_the_term(book: Database) -> None:
    made = stored(book, stretch=9.0)
    put(book, made["trees"], "champion")
    passed, said = judged()
    assert not passed
    for symbol in SYMBOLS:
        assert "features are not as in training" in said[symbol]
    assert all(gates(book).values())
    assert said["retired"].startswith(f"drifted on {SYMBOLS[0]}, {SYMBOLS[1]}")
    assert state(book, made["trees"]) == "retired"


def test_the_gate_of_one_symbol_closes_and_opens_again(book: Database) -> None:
    made = stored(book)
    put(book, made["trees"], "champion")
    with book.transaction() as connection:
        connection.execute(
            "update features.technical_features set rsi_14 = rsi_14 * 9 where symbol = %s", (SYMBOLS[1],)
        )
    assert not judged()[0]
    assert gates(book) == {SYMBOLS[0]: False, SYMBOLS[1]: True}
    assert state(book, made["trees"]) == "champion"
    with book.transaction() as connection:
        connection.execute(
            "update features.technical_features set rsi_14 = rsi_14 / 9 where symbol = %s", (SYMBOLS[1],)
        )
    assert judged()[0]
    assert not any(gates(book).values())


def test_forecasts_that_are_further_off_than_promised_close_gates(book: Database) -> None:
    made = stored(book)
    put(book, made["trees"], "champion")
    forecast(book, made["trees"], 0.1)
    with book.transaction() as connection:
        # Forecasts count from the end of the training on.
        connection.execute("update training.price_models set trained_to = trained_to - interval '20 days'")
    passed, said = judged()
    assert not passed
    assert any("80 % band held" in said.get(symbol, "") or "mean error" in said.get(symbol, "") for symbol in SYMBOLS)


def test_a_champion_that_loses_after_costs_is_retired_once_there_are_days_enough(book: Database) -> None:
    made = stored(book)
    put(book, made["trees"], "champion")
    with book.transaction() as connection:
        connection.execute("update training.price_models set trained_to = trained_to - interval '50 days'")
    churn(book, made["trees"], 15)
    passed, said = judged()
    assert passed, said
    assert state(book, made["trees"]) == "champion"
    churn(book, made["trees"], 30)
    passed, said = judged()
    assert not passed
    assert said["retired"].startswith("lost after costs over ")
    assert state(book, made["trees"]) == "retired"
    # Nothing is wrong with the features: other strategies may go on.
    assert not any(gates(book).values())
    assert "no price model in force" in judged()[1]["not judged"]
