"""Vetting: nothing is lost, and each kind of bad row is told apart."""

import json
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from tests.fakes.random_panel import random_panel
from trading.candle import BARS
from trading.market.clean import QUARANTINE, vet
from trading.timeframe import Timeframe

HOUR = Timeframe.parse("1h")
SOUND = {"open": 10.0, "high": 12.0, "low": 9.0, "close": 11.0, "volume": 5.0}


def bars(count: int = 30) -> pl.DataFrame:
    return random_panel(1, count, ("A/USD",)).drop("symbol")


def with_row(**changes: object) -> pl.DataFrame:
    extra = {"ts": datetime(2023, 1, 1, tzinfo=UTC), **SOUND, **changes}
    return pl.concat([bars(), pl.DataFrame([extra], schema=BARS, strict=False)])


@pytest.mark.parametrize(
    ("reason", "changes"),
    [
        ("null", {"close": None}),
        ("null", {"ts": None}),
        ("not finite", {"open": float("nan")}),
        ("not finite", {"volume": float("inf")}),
        ("price not positive", {"low": 0.0}),
        ("price not positive", {"low": -1.0}),
        ("volume negative", {"volume": -0.1}),
        ("absurd value", {"high": 1e308}),
        ("absurd value", {"volume": 1e30}),
        ("absurd value", {"low": 1e-300}),
        ("high below low", {"high": 8.0}),
        ("open or close outside range", {"close": 12.5}),
        ("open or close outside range", {"open": 8.5}),
        ("unaligned time", {"ts": datetime(2023, 1, 1, 0, 30, tzinfo=UTC)}),
    ],
)
def test_a_bad_row_is_quarantined_with_its_reason_and_blocks(reason: str, changes: dict[str, object]):
    vetted = vet(with_row(**changes), HOUR)
    assert vetted.quarantined["reason"].to_list() == [reason]
    assert vetted.good.height == 30
    assert vetted.blocking
    assert [(finding.check, finding.count, finding.blocking) for finding in vetted.findings if finding.blocking] == [
        (reason, 1, True)
    ]


def test_sound_rows_pass_unchanged():
    vetted = vet(bars(), HOUR)
    assert vetted.good.equals(bars())
    assert vetted.good.schema == BARS
    assert vetted.quarantined.schema == QUARANTINE
    assert not vetted.blocking
    assert vetted.findings == ()


def test_text_values_are_read_and_what_is_no_number_keeps_its_text():
    raw = bars().with_columns(pl.col("open", "high", "low", "close", "volume").cast(pl.String))
    raw = raw.with_columns(close=pl.when(pl.int_range(pl.len()) == 3).then(pl.lit("n/a")).otherwise(pl.col("close")))
    vetted = vet(raw, HOUR)
    assert vetted.good.equals(bars().filter(pl.int_range(pl.len()) != 3))
    assert vetted.quarantined["reason"].to_list() == ["not a number"]
    assert json.loads(vetted.quarantined.item(0, "raw"))["close"] == "n/a"


def test_integers_are_read():
    raw = pl.DataFrame(
        {"ts": [datetime(2024, 1, 1, tzinfo=UTC)], "open": [1], "high": [2], "low": [1], "close": [2], "volume": [0]}
    )
    assert vet(raw, HOUR).good.schema == BARS
    assert vet(raw, HOUR).good.height == 1


def test_equal_duplicates_are_dropped_and_counted_without_blocking():
    vetted = vet(pl.concat([bars(), bars().head(2), bars().head(1)]), HOUR)
    assert vetted.good.equals(bars())
    assert vetted.duplicates == 3
    assert not vetted.blocking
    assert {finding.check: finding.count for finding in vetted.findings} == {"duplicate": 3, "out of order": 3}


def test_conflicting_duplicates_are_all_quarantined():
    other = bars().head(1).with_columns(volume=pl.col("volume") + 1)
    vetted = vet(pl.concat([bars(), other, bars().head(1)]), HOUR)
    assert vetted.quarantined["reason"].to_list() == ["conflicting duplicate"] * 3
    assert vetted.good.equals(bars().tail(-1))
    assert vetted.duplicates == 0
    assert vetted.blocking


def test_a_broken_version_of_a_bar_does_not_take_the_sound_one_along():
    broken = bars().head(1).with_columns(close=pl.lit(None, pl.Float64))
    vetted = vet(pl.concat([bars(), broken]), HOUR)
    assert vetted.good.equals(bars())
    assert vetted.quarantined["reason"].to_list() == ["null"]


def test_unsorted_rows_are_sorted_and_told():
    vetted = vet(bars().reverse(), HOUR)
    assert vetted.good.equals(bars())
    assert [(finding.check, finding.blocking) for finding in vetted.findings] == [("descending", False)]


def test_a_bar_that_is_not_closed_waits_and_a_future_one_blocks():
    now = bars().item(-1, "ts") + timedelta(minutes=30)
    vetted = vet(bars(), HOUR, now)
    assert vetted.quarantined["reason"].to_list() == ["not closed"]
    assert not vetted.blocking
    assert vet(bars(), HOUR, now + timedelta(minutes=30)).good.height == 30
    earlier = vet(bars(), HOUR, now - timedelta(hours=1))
    assert earlier.quarantined["reason"].to_list() == ["not closed", "future"]
    assert earlier.blocking


def test_a_spike_that_returns_is_found_and_kept_and_a_crash_is_none():
    row = pl.int_range(pl.len())
    spiked = bars().with_columns(
        close=pl.when(row == 10).then(pl.col("close") * 2).otherwise(pl.col("close")),
        high=pl.when(row == 10).then(pl.col("high") * 2).otherwise(pl.col("high")),
    )
    vetted = vet(spiked, HOUR)
    # The bar after it falls as far: it is the way back, and no spike itself.
    assert [(finding.check, finding.count, finding.first_ts) for finding in vetted.findings] == [
        ("spike", 1, bars().item(10, "ts"))
    ]
    assert vetted.good.height == 30
    assert not vetted.blocking
    factor = pl.when(row >= 10).then(0.5).otherwise(1.0)
    assert vet(bars().with_columns(pl.col("open", "high", "low", "close") * factor), HOUR).findings == ()


def test_weekly_bars_open_on_mondays():
    week = Timeframe.parse("1w")
    monday = pl.DataFrame([{"ts": datetime(2024, 1, 1, tzinfo=UTC), **SOUND}], schema=BARS)
    assert vet(monday, week).good.height == 1
    assert vet(monday.with_columns(pl.col("ts") + timedelta(days=3)), week).quarantined.height == 1


def test_an_empty_frame_is_no_error():
    vetted = vet(bars().clear(), HOUR)
    assert vetted.good.is_empty()
    assert vetted.quarantined.is_empty()
    assert vetted.findings == ()


@pytest.mark.parametrize("seed", range(20))
def test_no_row_is_ever_lost(seed: int):
    frame = random_panel(seed, 60, ("A/USD",)).drop("symbol")
    broken = frame.sample(10, seed=seed).with_columns(close=pl.lit(float("nan")))
    other = frame.sample(10, seed=seed + 1).with_columns(pl.col("volume") * 2)
    raw = pl.concat([frame, broken, other, frame.sample(10, seed=seed + 2)]).sample(fraction=1, shuffle=True, seed=seed)
    vetted = vet(raw, HOUR)
    assert raw.height == vetted.good.height + vetted.quarantined.height + vetted.duplicates
    assert vetted.good["ts"].is_unique().all()
    assert vetted.good["ts"].is_sorted()
    assert vetted.good.join(frame, on=frame.columns, how="anti").is_empty()
    assert sum(finding.count for finding in vetted.findings if finding.blocking) == vetted.quarantined.height
