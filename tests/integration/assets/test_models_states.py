"""The states of models: the first trades by default, later ones wait, a champion retires its predecessor, rows stay."""

import dagster as dg
import polars as pl
import psycopg
import pytest

from adapters.store import feature_ranges, model_states
from adapters.store.database import Database
from adapters.store.frames import Store
from assets.forecasts.price_forecasts import price_forecasts
from assets.resources import DeskResource
from models.forecast import kinds
from tests.integration.assets.modelled_book import DAY, FRAME, LAST, USED, put, stored
from tests.integration.assets.traded_book import BOOK, HOUR, START, SYMBOLS, VENUE
from trading.errors import BadData
from trading.indicators.technical import FEATURES, technical_features
from trading.simulation.random_market import DEFAULT_SPECS, bars

pytestmark = [
    # Dagster calls what pydantic has deprecated.
    pytest.mark.filterwarnings("ignore::DeprecationWarning:dagster.*"),
]


def told(book: Database) -> tuple[dict[str, pl.DataFrame], dict[str, str]]:
    """Materialise the forecasts of the last day; return what is stored of the newest bar and the reasons."""
    done = dg.materialize([price_forecasts], partition_key=DAY, resources={"desk": DeskResource()})
    assert done.success
    (event,) = done.get_asset_materialization_events()
    said = {name: str(value.value) for name, value in event.materialization.metadata.items()}
    where = {"book": BOOK, "venue": VENUE, "timeframe": "1h"}
    store = Store(book, "reader", "0")
    tables = ("forecasts.price_forecasts", "forecasts.shadow_forecasts")
    return {table.split(".")[1]: store.read(table, where, LAST, LAST + HOUR) for table in tables}, said


def test_only_the_champion_is_traded_a_canary_tells_one_symbol_and_a_shadow_none(book: Database) -> None:
    made = stored(book)
    put(book, made["trees"], "champion")
    rows, _ = told(book)
    assert set(rows["price_forecasts"]["symbol"]) == set(SYMBOLS)
    assert set(rows["price_forecasts"]["model_id"]) == {made["trees"].model_id}
    assert rows["shadow_forecasts"].is_empty()
    put(book, made["line"], "shadow")
    put(book, made["more trees"], "canary")
    with book.transaction() as connection:
        connection.execute("truncate forecasts.price_forecasts")
    rows, _ = told(book)
    by_symbol = dict(rows["price_forecasts"].select("symbol", "model_id").iter_rows())
    assert by_symbol == {SYMBOLS[0]: made["more trees"].model_id, SYMBOLS[1]: made["trees"].model_id}
    watched = rows["shadow_forecasts"]
    assert set(watched["model_id"]) == {made["line"].model_id, made["more trees"].model_id}
    assert watched.height == 2 * len(SYMBOLS)
    # What is kept of a shadow is what the model tells of the stored features.
    features = Store(book, "reader", "0").read("features.technical_features", {"book": BOOK}, LAST, LAST + HOUR)
    again = kinds.of("linear_return").predict(made["line"], features).sort("symbol")
    own = watched.filter(model_id=made["line"].model_id).sort("symbol")
    assert own["expected_return"].to_list() == again["expected_return"].to_list()


def test_where_none_is_in_force_or_it_is_damaged_there_is_no_forecast_and_the_reason_is_named(book: Database) -> None:
    made = stored(book)
    rows, said = told(book)
    assert rows["price_forecasts"].is_empty()
    assert "has no price model in force" in said[f"no forecast {SYMBOLS[0]}"]
    put(book, made["trees"], "champion")
    put(book, made["trees"], "retired", "it lost")
    rows, said = told(book)
    assert rows["price_forecasts"].is_empty()
    assert "was retired (it lost)" in said[f"no forecast {SYMBOLS[1]}"]
    put(book, made["trees"], "champion")
    with book.transaction() as connection:
        connection.execute("update training.price_models set artefact = left(artefact, 300)")
    rows, said = told(book)
    assert rows["price_forecasts"].is_empty()
    assert "is damaged" in said[f"no forecast {SYMBOLS[0]}"]
    with book.transaction() as connection:
        connection.execute("update training.price_models set features = array_append(features, 'no_such_feature')")
    assert "has no column no_such_feature" in told(book)[1][f"no forecast {SYMBOLS[0]}"]


def test_states_are_only_added_and_there_is_one_champion(book: Database) -> None:
    made = stored(book)
    assert put(book, made["trees"], "champion")
    assert not put(book, made["trees"], "champion")
    assert put(book, made["line"], "champion")
    with book.transaction() as connection:
        standing = {model_id: row["state"] for model_id, row in model_states.now(connection, BOOK).items()}
        assert standing == {made["trees"].model_id: "retired", made["line"].model_id: "champion"}
        history = [row["state"] for row in model_states.history(connection, BOOK, made["trees"].model_id)]
        assert history == ["champion", "retired"]
        assert model_states.last_champion(connection, BOOK) == made["line"].model_id
        listed = connection.execute("select model_id, state from analytics.models order by model_id").fetchall()
        assert {row["model_id"]: row["state"] for row in listed} == {
            **standing,
            made["more trees"].model_id: "candidate",
        }
    with pytest.raises(BadData, match="winner is no state"):
        put(book, made["trees"], "winner")
    for statement in ("update training.model_states set why = 'x'", "delete from training.model_states"):
        with pytest.raises(psycopg.errors.RestrictViolation, match="append-only"), book.transaction() as connection:
            connection.execute(statement)


def test_ranges_come_back_as_they_were(book: Database) -> None:
    from models import drift

    made = stored(book)
    panel = bars(5, DEFAULT_SPECS[:1], FRAME, START - 900 * HOUR, START)
    others = [name for name in FEATURES if name not in USED]
    known = drift.ranges(technical_features(panel, FRAME), others).sort("feature")
    with book.transaction() as connection:
        feature_ranges.add(connection, BOOK, made["trees"].model_id, known)
        feature_ranges.add(connection, BOOK, made["trees"].model_id, known)
        again = feature_ranges.read(connection, BOOK, made["trees"].model_id)
    assert again.filter(~pl.col("feature").is_in(USED)).sort("feature").to_dicts() == known.to_dicts()
