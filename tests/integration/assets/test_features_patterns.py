"""Candlestick patterns as rows with versions, and what they are worth, counted once more in polars."""

import math

import polars as pl
import pytest

from adapters.exchange.clock import WallClock
from adapters.store.database import Database
from assets.features.chart_patterns import chart_patterns
from assets.partitions import ONWARD
from tests.integration.assets.feature_days import hours, materialise, panel, revise, stored
from tests.integration.assets.traded_book import BOOK, START, SYMBOLS
from trading.indicators.patterns import patterns

pytestmark = [
    # Dagster calls what pydantic has deprecated.
    pytest.mark.filterwarnings("ignore::DeprecationWarning:dagster.*"),
]

CONTENT = ("pattern", "direction", "strength")
RATES = (
    "symbol, pattern, direction, horizon, occurrences, share_right, share_right_low, share_right_high,"
    " others_share_right, mean_log_return, others_mean_log_return, verdict"
)


def shown(book: Database) -> pl.DataFrame:
    rows = stored(book, "features.chart_patterns", *CONTENT).filter(pl.col("direction") != 0)
    return rows.sort("symbol", "ts", "pattern")


def test_history_is_what_the_pure_function_finds_and_a_second_time_changes_nothing(book: Database) -> None:
    materialise(chart_patterns)
    assert shown(book).height > 50
    assert shown(book).equals(patterns(panel(book)))
    before = stored(book, "features.chart_patterns", "knowledge_ts", *CONTENT)
    materialise(chart_patterns)
    assert stored(book, "features.chart_patterns", "knowledge_ts", *CONTENT).equals(before)


def test_a_pattern_that_a_revised_bar_does_not_show_is_withdrawn(book: Database) -> None:
    materialise(chart_patterns)
    before, seen_at = shown(book), WallClock().now()
    flat = {name: pl.col("open") for name in ("high", "low", "close")}
    assert revise(book, pl.col("ts") == START - hours(30), **flat) == len(SYMBOLS)
    expected = patterns(panel(book))
    assert before.join(expected, on=["symbol", "ts", "pattern"], how="anti").height > 0
    days = sorted({f"{ts:%Y-%m-%d}" for _, ts, *_ in set(before.rows()) ^ set(expected.rows())})
    assert materialise(chart_patterns, days[0], **{ONWARD: "late candles"}) == days
    assert shown(book).equals(expected)
    then = stored(book, "features.chart_patterns", *CONTENT, as_of=seen_at).sort("symbol", "ts", "pattern")
    assert then.equals(before)


def recounted(book: Database) -> dict[tuple, tuple]:
    """Return for (symbol or all, pattern, direction, horizon) what the view says, counted bar by bar."""
    found, bars = patterns(panel(book)), panel(book)
    rows = []
    for symbol in SYMBOLS:
        seen = found.filter(pl.col("symbol") == symbol)
        series = bars.filter(pl.col("symbol") == symbol)
        closes = dict(series.select("ts", "close").rows())
        first, last = seen["ts"].min(), seen["ts"].max()
        marks = {(ts, name): direction for _, ts, name, direction, _ in seen.rows()}
        for horizon in (1, 4, 24):
            for ts in [ts for ts in closes if first <= ts <= last]:
                later = ts + horizon * (series["ts"][1] - series["ts"][0])
                if later in closes:
                    rows.append((symbol, horizon, ts, math.log(closes[later] / closes[ts]), marks))
    answer = {}
    names = {(name, direction) for _, _, name, direction, _ in found.rows()}
    for symbol in (*SYMBOLS, "all"):
        for horizon in (1, 4, 24):
            moves = [
                row for row in rows if row[0] in (symbol, *(SYMBOLS if symbol == "all" else ())) and row[1] == horizon
            ]
            for name, direction in names:
                mine = [move * direction for _, _, ts, move, marks in moves if marks.get((ts, name)) == direction]
                others = [move * direction for _, _, ts, move, marks in moves if (ts, name) not in marks]
                if mine:
                    answer[symbol, name, direction, horizon] = (mine, others)
    return answer


def wilson(right: int, count: int) -> tuple[float, float]:
    z = 1.959963984540054
    share = right / count
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    reach = z / (1 + z * z / count) * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return middle - reach, middle + reach


def test_hit_rates_equal_a_recount(book: Database) -> None:
    materialise(chart_patterns)
    with book.transaction() as connection:
        told = connection.execute(
            f"select {RATES} from analytics.pattern_hit_rates where book = %s", (BOOK,)
        ).fetchall()
    expected = recounted(book)
    assert {(row["symbol"], row["pattern"], row["direction"], row["horizon"]) for row in told} == set(expected)
    for row in told:
        mine, others = expected[row["symbol"], row["pattern"], row["direction"], row["horizon"]]
        right, base = sum(move > 0 for move in mine), sum(move > 0 for move in others) / len(others)
        low, high = wilson(right, len(mine))
        assert row["occurrences"] == len(mine)
        numbers = [row[name] for name in ("share_right", "share_right_low", "share_right_high", "others_share_right")]
        assert numbers == pytest.approx([right / len(mine), low, high, base], abs=1e-12)
        means = [row["mean_log_return"], row["others_mean_log_return"]]
        assert means == pytest.approx([sum(side) / len(side) * row["direction"] for side in (mine, others)], abs=1e-12)
        verdict = "better" if low > base else "worse" if high < base else "no better than chance"
        assert row["verdict"] == verdict
