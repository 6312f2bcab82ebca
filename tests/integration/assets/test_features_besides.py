"""Combinations, custom indicators, volume profiles and correlations as rows with versions."""

from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from adapters.exchange.clock import WallClock
from adapters.indicator_files import shipped
from adapters.store.database import Database
from assets.features.correlations import correlations
from assets.features.custom_features import custom_features
from assets.features.volume_profiles import volume_profiles
from assets.partitions import ONWARD
from tests.integration.assets.feature_days import hours, materialise, panel, revise, stored
from tests.integration.assets.traded_book import START, SYMBOLS
from trading.errors import Misconfigured
from trading.indicators.combine import combine, inputs
from trading.market.correlation import correlations as correlate
from trading.market.volume_profile import volume_profiles as compute
from trading.timeframe import Timeframe

pytestmark = [
    # Dagster calls what pydantic has deprecated.
    pytest.mark.filterwarnings("ignore::DeprecationWarning:dagster.*"),
]

HOUR = Timeframe.parse("1h")
MINE = """
import polars as pl
from trading.indicators.custom import indicator

@indicator("mean_5", warm_up=4)
def mean(bars):
    '''Mean of five closes, quote currency.'''
    return pl.col("close").rolling_mean(5)
"""


def test_combinations_and_custom_indicators_are_stored_by_name(
    book: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "mine.py"
    path.write_text(MINE)
    monkeypatch.setenv("TRADEWIND_INDICATORS", str(path))
    materialise(custom_features)
    chosen, bars = shipped().combinations, panel(book)
    rows = stored(book, "features.custom_features", "name", "value")
    assert rows.height == bars.height * (len(chosen) + 1)
    told = rows.pivot(on="name", index=["symbol", "ts"], values="value").sort("symbol", "ts")
    expected = combine(inputs(bars, HOUR), chosen)
    for each in chosen:
        assert told[each.name].equals(expected[each.name], null_equal=True)
    assert told["mean_5"].equals(bars.select(pl.col("close").rolling_mean(5).over("symbol")).to_series())
    before = stored(book, "features.custom_features", "name", "value", "knowledge_ts")
    assert before.filter(pl.col("knowledge_ts") != pl.col("ts") + hours(1)).is_empty()
    materialise(custom_features)
    assert stored(book, "features.custom_features", "name", "value", "knowledge_ts").equals(before)


def test_an_indicator_that_looks_ahead_writes_nothing(
    book: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "leaky.py"
    path.write_text(MINE.replace("rolling_mean(5)", "shift(-1)"))
    monkeypatch.setenv("TRADEWIND_INDICATORS", str(path))
    with pytest.raises(Misconfigured, match="indicator mean_5 looks ahead"):
        materialise(custom_features)
    assert stored(book, "features.custom_features", "name").is_empty()


def test_profiles_are_known_at_the_end_of_their_day_and_follow_a_revision(book: Database) -> None:
    materialise(volume_profiles)
    columns = ("knowledge_ts", "poc", "value_low", "value_high", "volume", "bars")
    before, seen_at = stored(book, "features.volume_profiles", *columns), WallClock().now()
    expected = compute(panel(book), HOUR).rename({"closed_at": "knowledge_ts"})
    assert before.equals(expected)
    assert before.height == 2 * 4  # both days of the window, and those of the history
    assert set(before["knowledge_ts"] - before["ts"]) == {timedelta(days=1)}
    revised = pl.col("ts") == START - hours(30)
    assert revise(book, revised, volume=pl.col("volume") * 50) == len(SYMBOLS)
    day = f"{START - hours(30):%Y-%m-%d}"
    assert materialise(volume_profiles, day, **{ONWARD: "late candles"}) == [day]
    after = stored(book, "features.volume_profiles", *columns[1:])
    assert after.equals(compute(panel(book), HOUR).drop("closed_at"))
    assert stored(book, "features.volume_profiles", *columns, as_of=seen_at).equals(before)


def test_correlations_are_those_of_the_days_that_have_ended(book: Database) -> None:
    materialise(correlations)
    columns = ("other", "knowledge_ts", "value", "sample_value", "shrinkage", "bars", "same_cluster")
    expected = correlate(panel(book), HOUR).rename({"closed_at": "knowledge_ts"})
    assert expected.height > 1
    rows = stored(book, "features.correlations", *columns)
    assert rows.equals(expected.select(rows.columns))
    # a day by itself needs the window before it, and says the same
    day = f"{expected['ts'][-1]:%Y-%m-%d}"
    materialise(correlations, day, **{ONWARD: "late candles"})
    assert stored(book, "features.correlations", *columns).equals(rows)
