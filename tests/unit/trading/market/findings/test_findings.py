"""Each finding on bars that have just that defect, and silence on bars that have none."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from trading.candle import BARS
from trading.market.coverage import REGISTRY, Coverage, coverage
from trading.market.findings.sample import Sample
from trading.timeframe import Timeframe

HOUR = Timeframe.parse("1h")
START = datetime(2024, 1, 1, tzinfo=UTC)


def bars(count: int = 600, timeframe: Timeframe = HOUR, price: float = 100.0) -> pl.DataFrame:
    """Bars of a quiet market that open now and then a little off the last close."""
    random = np.random.default_rng(5)
    close = price * np.exp(np.cumsum(random.normal(0, 0.002, count)))
    opens = np.concatenate([[price], close[:-1] * np.where(random.random(count - 1) < 0.5, 1, 1.0001)])
    return pl.DataFrame(
        {
            "ts": [START + n * timeframe.delta for n in range(count)],
            "open": opens,
            "high": np.maximum(opens, close) * 1.001,
            "low": np.minimum(opens, close) * 0.999,
            "close": close,
            "volume": random.uniform(1, 9, count),
        },
        schema=BARS,
    )


def at(frame: pl.DataFrame, row: int, **values: object) -> pl.DataFrame:
    here = pl.int_range(pl.len()) == row
    return frame.with_columns(pl.when(here).then(pl.lit(v)).otherwise(pl.col(k)).alias(k) for k, v in values.items())


def cover(frame: pl.DataFrame, **more: object) -> Coverage:
    return coverage(Sample(frame, HOUR, **more))  # pyright: ignore[reportArgumentType]


def counts(frame: pl.DataFrame, **more: object) -> dict[str, int]:
    return {finding.check: finding.count for finding in cover(frame, **more).findings}


def without(frame: pl.DataFrame, first: int, many: int) -> pl.DataFrame:
    return frame.filter(~pl.int_range(pl.len()).is_between(first, first + many - 1))


def test_clean_bars_raise_nothing():
    assert cover(bars()).findings == ()
    assert cover(bars(1)).findings == ()
    assert cover(bars(1).clear()).findings == ()


FLAT = {"open": 50.0, "high": 50.0, "low": 50.0, "close": 50.0}
CASES: dict[str, tuple[Callable[[pl.DataFrame], pl.DataFrame], dict[str, int]]] = {
    "gap": (lambda b: without(without(b, 100, 3), 200, 1), {"gap": 4}),
    "duplicate": (lambda b: pl.concat([b, b.slice(7, 2)]).sort("ts", maintain_order=True), {"duplicate": 2}),
    "conflict": (
        lambda b: pl.concat([b, at(b.slice(7, 1), 0, volume=5.5)]).sort("ts", maintain_order=True),
        {"conflicting duplicate": 1},
    ),
    "newest first": (lambda b: b.reverse(), {"descending": 600}),
    "mixed": (lambda b: pl.concat([b.slice(300), b.head(300)]), {"out of order": 300}),
    "zero volume": (lambda b: at(b, 9, volume=0.0), {"zero volume": 1}),
    "no-trade bars": (
        lambda b: b.filter(~pl.int_range(pl.len()).is_in([50, 80, 120, 200, 300, 301])),
        {"gap": 6, "no-trade bars absent": 6},
    ),
    "jitter": (
        lambda b: b.with_columns(ts=pl.col("ts") + pl.duration(milliseconds=pl.int_range(pl.len()) % 3)),
        {"jitter": 400},
    ),
    "early by some ms": (lambda b: at(b, 5, ts=START + timedelta(hours=5, milliseconds=-4)), {"jitter": 1}),
    "local days": (lambda b: b.with_columns(ts=pl.col("ts") + pl.duration(minutes=30)), {"unaligned time": 600}),
    "a snapshot at the end": (
        lambda b: at(b, 599, ts=START + timedelta(hours=599, minutes=17)),
        {"unaligned time": 1, "partial last bar": 1},
    ),
    "high below low": (
        lambda b: at(b, 5, high=50.0),
        {"high below low": 1, "open or close outside range": 1, "gap": 1},
    ),
    "null": (lambda b: at(b, 5, close=None), {"null": 1, "gap": 1}),
    "not finite": (lambda b: at(b, 5, open=float("nan")), {"not finite": 1, "gap": 1}),
    "not positive": (lambda b: at(b, 5, low=0.0), {"price not positive": 1, "gap": 1}),
    "absurd": (lambda b: at(b, 5, volume=1e30), {"absurd value": 1, "gap": 1}),
    "negative volume": (lambda b: at(b, 5, volume=-1.0), {"volume negative": 1, "gap": 1}),
    "spike": (lambda b: at(b, 50, high=200.0, close=180.0), {"spike": 1, "large move": 2}),
    "wick": (lambda b: at(b, 50, low=55.0), {"wick": 1}),
    "constant": (lambda b: b.with_columns(trades=pl.lit(3)), {"constant column": 1}),
    "empty": (lambda b: b.with_columns(trades=pl.lit(None, pl.Float64)), {"empty column": 1}),
}


@pytest.mark.parametrize("case", CASES)
def test_a_defect_is_found_by_name_and_count(case: str):
    spoil, expected = CASES[case]
    assert counts(spoil(bars())) == expected


def test_text_that_is_no_number_blocks():
    text = bars(20).with_columns(pl.col("open").cast(pl.String))
    found = cover(at(text, 3, open="n/a"))
    assert [(f.check, f.count, f.blocking) for f in found.findings if f.blocking] == [("not a number", 1, True)]


def test_flat_bars_at_the_last_close_are_filled_in():
    flat = bars()
    for row in (20, 21, 22):
        last = flat["close"][19]
        flat = at(flat, row, open=last, high=last, low=last, close=last, volume=0.0)
    assert counts(flat) == {"zero volume": 3, "flat fill": 3}


def test_another_instrument_under_the_same_name_blocks():
    other = bars(600).with_columns(
        pl.col("open", "high", "low", "close") * 40, ts=pl.col("ts") + pl.duration(hours=648)
    )
    found = cover(pl.concat([bars(600), other]))
    assert {f.check: (f.count, f.blocking) for f in found.findings}["ticker reuse"] == (1, True)
    # The same price after the same hole is a delisting that was taken back.
    again = bars(600).with_columns(ts=pl.col("ts") + pl.duration(hours=648))
    assert "ticker reuse" not in counts(pl.concat([bars(600), again]))


def test_a_second_source_shows_by_its_habit_or_by_its_level():
    chained = bars().with_columns(open=pl.col("close").shift(1).fill_null(pl.col("open")))
    later = bars().with_columns(ts=pl.col("ts") + pl.duration(hours=600))
    assert counts(pl.concat([chained, later]))["splice"] >= 1
    larger = later.with_columns(
        pl.col("open", "high", "low", "close") * 1.01 * bars()["close"][-1] / 100, volume=pl.col("volume") * 30
    )
    found = {f.check: f for f in cover(pl.concat([bars(), larger])).findings}
    assert found["splice"].first_ts == START + timedelta(hours=600)


def test_units_of_stamps_and_a_text_date_are_compared():
    units = bars(20).with_columns(unit=pl.when(pl.int_range(pl.len()) < 15).then(pl.lit("s")).otherwise(pl.lit("ms")))
    assert counts(units) == {"mixed stamp units": 5}
    eastern = pl.col("ts").dt.convert_time_zone("America/New_York").dt.replace_time_zone("UTC")
    local = bars().with_columns(text_ts=pl.when(pl.int_range(pl.len()) >= 400).then(eastern).otherwise(pl.col("ts")))
    (finding,) = cover(local).findings
    assert (finding.check, finding.count) == ("text date disagrees", 200)
    assert "US Eastern" in finding.detail
    assert counts(bars().with_columns(text_ts=pl.col("ts"))) == {}
    assert counts(bars().with_columns(text_ts=pl.col("ts").dt.truncate("1d"))) == {}


def test_the_last_bar_may_be_unfinished():
    assert counts(bars(50), now=START + timedelta(hours=49, minutes=30)) == {"partial last bar": 1}
    assert counts(bars(50), now=START + timedelta(hours=50)) == {}
    marked = bars(50).with_columns(confirmed=pl.int_range(pl.len()) < 49)
    assert counts(marked) == {"partial last bar": 1}


def test_what_a_source_says_it_covers_is_counted():
    day = bars(24).slice(2, 12)
    found = counts(day, span=(START, START + timedelta(days=1)))
    assert found == {"span not covered": 12}


def test_volumes_in_each_others_column_are_seen():
    right = bars().with_columns(quote_volume=pl.col("volume") * pl.col("close"))
    assert counts(right) == {}
    wrong = right.with_columns(
        pl.when(pl.int_range(pl.len()) < 40).then(pl.col(b)).otherwise(pl.col(a)).alias(a)
        for a, b in (("volume", "quote_volume"), ("quote_volume", "volume"))
    )
    assert counts(wrong)["volumes swapped"] == 40


def test_trades_have_findings_of_their_own():
    rows = pl.DataFrame(
        {
            "ts": [START + timedelta(seconds=n // 2) for n in range(40)],
            "price": [10.0] * 39 + [0.0],
            "amount": [1.0 + n for n in range(40)],
            "id": [str(n + (5 if n > 30 else 0)) for n in range(39)] + ["3"],
        }
    )
    found = {f.check: f.count for f in coverage(Sample(rows, None, kind="trades")).findings}
    assert found == {
        "price not positive": 1,
        "absurd value": 1,
        "conflicting duplicate": 1,
        "missing trades": 5,
        "shared stamps": 20,
        "whole seconds": 40,
        "no side": 40,
    }


def test_funding_rates_and_quotes_have_theirs():
    rates = pl.DataFrame(
        {"ts": [START + timedelta(hours=8 * n) for n in range(12)], "rate": [1e-4 * n for n in range(11)] + [3.0]}
    )
    found = coverage(Sample(rates, Timeframe.parse("8h"), kind="funding"))
    assert [(f.check, f.count, f.blocking) for f in found.findings] == [("absurd value", 1, True)]
    sides = {
        f"{side}_{name}": bars(30)["close"] + (0.1 if side == "ask" else 0)
        for side in ("bid", "ask")
        for name in ("open", "high", "low", "close")
    }
    quoted = pl.DataFrame({"ts": bars(30)["ts"], **sides})
    assert coverage(Sample(quoted, HOUR, kind="quotes")).findings == ()
    crossed = at(quoted, 4, bid_open=500.0, bid_high=500.0, bid_low=500.0, bid_close=500.0)
    assert [f.check for f in coverage(Sample(crossed, HOUR, kind="quotes")).findings] == ["crossed quotes"]


def test_every_kind_is_checked_on_nothing_at_all():
    columns = {
        "candles": list(BARS),
        "trades": ["ts", "price", "amount", "id"],
        "funding": ["ts", "rate"],
        "quotes": ["ts", *(f"{s}_{n}" for s in ("bid", "ask") for n in ("open", "high", "low", "close"))],
    }
    for kind in REGISTRY:
        schema = {name: BARS["ts"] if name == "ts" else pl.String for name in columns[kind]}
        for rows in (pl.DataFrame(schema=schema), pl.DataFrame({name: [None] * 3 for name in schema}, schema=schema)):
            coverage(Sample(rows, HOUR if kind != "trades" else None, kind=kind))
