"""The check of the incremental features: green on what the asset wrote, red on each row that is not so."""

from typing import Any

import dagster as dg
import polars as pl
import pytest

from adapters import compose
from adapters.store import accounts
from adapters.store.database import Database
from assets.checks.incremental import features_are_those_of_the_states
from assets.features.technical_features import technical_features
from assets.resources import DeskResource
from pipelines.definitions import defs
from tests.integration.assets.feature_days import LAST_DAY, materialise, panel, revise
from tests.integration.assets.modelled_book import Stopped
from tests.integration.assets.traded_book import BOOK, HOUR, START, SYMBOLS, VENUE
from trading.indicators.technical import STORED

pytestmark = [
    # Dagster calls what pydantic has deprecated.
    pytest.mark.filterwarnings("ignore::DeprecationWarning:dagster.*"),
]

#: The newest bar of the book, and one in the middle of it.
NEWEST, MIDDLE = START + 27 * HOUR, START - 10 * HOUR


def checked() -> dg.AssetCheckEvaluation:
    """Run the check alone, over what is stored."""
    done = dg.materialize(
        [technical_features, features_are_those_of_the_states],
        selection=dg.AssetSelection.checks(features_are_those_of_the_states),
        tags={"dagster/partition": LAST_DAY},
        resources={"desk": DeskResource()},
    )
    assert done.get_asset_materialization_events() == []
    (event,) = done.get_asset_check_evaluations()
    return event


def shown(event: dg.AssetCheckEvaluation) -> list[dict[str, Any]]:
    table = event.metadata["first differences"]
    assert isinstance(table, dg.TableMetadataValue)
    return [dict(record.data) for record in table.records]


def change(book: Database, statement: str, at: Any = MIDDLE) -> None:
    with book.transaction() as connection:
        assert connection.execute(f"{statement} where symbol = %s and ts = %s", (SYMBOLS[0], at)).rowcount == 1


def closed(book: Database) -> dict[str, bool]:
    with book.transaction() as connection:
        return {symbol: not accounts.gate(connection, BOOK, VENUE, symbol)[0] for symbol in SYMBOLS}


def recorded(book: Database) -> list[tuple[Any, ...]]:
    with book.transaction() as connection:
        rows = connection.execute(
            "select symbol, blocking, affected, detail from ops.quality_results where check_name = 'incremental'"
        ).fetchall()
    return [tuple(row.values()) for row in rows]


def test_untouched_rows_pass_and_all_of_them_are_compared(book: Database) -> None:
    materialise(technical_features)
    event = checked()
    rows = panel(book).height
    assert event.passed
    assert event.metadata["rows compared"].value == rows == 2 * 76
    assert event.metadata["values compared"].value == rows * len(STORED)
    assert 0 <= float(event.metadata["largest difference"].value) < 1e-10
    assert "first differences" not in event.metadata
    assert recorded(book) == []


def test_a_value_that_is_off_by_a_billionth_fails_and_is_shown(book: Database) -> None:
    materialise(technical_features)
    change(book, "update features.technical_features set rsi_14 = rsi_14 + 1e-9")
    event = checked()
    assert not event.passed
    assert event.severity is dg.AssetCheckSeverity.ERROR
    (row,) = shown(event)
    assert (row["symbol"], row["ts"], row["feature"]) == (SYMBOLS[0], MIDDLE.isoformat(), "rsi_14")
    assert float(row["stored"]) - float(row["recomputed"]) == pytest.approx(1e-9, rel=1e-3)
    assert recorded(book) == [(SYMBOLS[0], True, 1, "1 differences: rsi_14")]


def test_a_missing_row_and_a_missing_value_fail(book: Database) -> None:
    materialise(technical_features)
    change(book, "update features.technical_features set body = null")
    change(book, "delete from features.technical_features", MIDDLE + HOUR)
    event = checked()
    assert not event.passed
    assert event.metadata["rows compared"].value == 2 * 76 - 1
    assert [(row["ts"], row["feature"], row["stored"]) for row in shown(event)] == [
        (MIDDLE.isoformat(), "body", None),
        ((MIDDLE + HOUR).isoformat(), None, None),
    ]


def test_bars_that_were_revised_fail_until_their_features_are_computed_anew(book: Database) -> None:
    materialise(technical_features)
    revise(book, pl.col("ts") == MIDDLE, close=pl.col("close") * 1.001, high=pl.col("high") * 1.001)
    assert not checked().passed
    materialise(technical_features)
    assert checked().passed


def test_a_newest_row_that_differs_closes_the_gate_of_its_symbol_until_it_is_right(
    book: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compose, "clock", lambda _settings: Stopped(NEWEST + HOUR))
    materialise(technical_features)
    change(book, "update features.technical_features set body = body + 0.5")
    assert not checked().passed
    # It has been traded on: it is written down, and stops nothing.
    assert closed(book) == {SYMBOLS[0]: False, SYMBOLS[1]: False}
    change(book, "update features.technical_features set body = body + 0.5", NEWEST)
    assert not checked().passed
    assert closed(book) == {SYMBOLS[0]: True, SYMBOLS[1]: False}
    change(book, "update features.technical_features set body = body - 0.5", NEWEST)
    assert not checked().passed
    assert closed(book) == {SYMBOLS[0]: False, SYMBOLS[1]: False}


def test_the_job_of_the_day_runs_it(book: Database) -> None:
    materialise(technical_features)
    change(book, "update features.technical_features set rsi_14 = rsi_14 + 1e-9")
    done = defs.resolve_job_def("studies").execute_in_process(partition_key=LAST_DAY)
    assert done.success
    (event,) = done.get_asset_check_evaluations()
    assert (event.check_name, event.passed) == ("incremental", False)


def test_it_runs_once_a_day_and_with_no_bar() -> None:
    key = dg.AssetCheckKey(dg.AssetKey(["features", "technical_features"]), "incremental")
    jobs = {job.name for job in defs.resolve_all_job_defs() if key in job.asset_layer.asset_graph.asset_check_keys}
    assert {name for name in jobs if not name.startswith("__")} == {"studies"}
