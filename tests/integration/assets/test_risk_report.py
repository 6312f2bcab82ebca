"""The risk report from the database: its inputs as they were known, its queries, its bytes, and its cost."""

import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

from adapters.store import limit_changes, risk
from adapters.store.database import Database
from adapters.store.frames import Store
from assets.portfolio.equity_curve import equity_curve
from assets.portfolio.positions import positions
from assets.reports.risk_report import risk_report
from assets.resources import DeskResource
from tests.integration.assets.test_portfolio_and_report import buy_and_sell, rows
from tests.integration.assets.traded_book import BOOK, DAYS, HOUR, START, SYMBOLS, VENUE
from trading.audit import digest
from trading.errors import BadData
from trading.limits import Limits
from trading.timeframe import Timeframe

pytestmark = [
    # Dagster calls what pydantic has deprecated.
    pytest.mark.filterwarnings("ignore::DeprecationWarning:dagster.*"),
]

DAY = timedelta(days=1)
#: The end of the second day of the book.
NOW = START + 28 * HOUR
MARKETS = risk.Markets(VENUE, SYMBOLS, Timeframe.parse("1h"), NOW)


def materialise(day: str, *assets: dg.AssetsDefinition) -> dict[str, Any]:
    chosen = assets or (positions, equity_curve, risk_report)
    done = dg.materialize(list(chosen), partition_key=day, resources={"desk": DeskResource()})
    return {
        event.asset_key.path[-1]: {name: value.value for name, value in event.materialization.metadata.items()}
        for event in done.get_asset_materialization_events()
        if event.asset_key is not None
    }


def told(folder: Path, day: str) -> dict[str, Any]:
    return json.loads((folder / "reports" / BOOK / f"risk-{day}.json").read_text())


def history(book: Database, days: int) -> None:
    """Write bars of 1h for `days` days before those of the book: a slow wave."""
    first = START - 48 * HOUR - days * DAY
    stamps = [first + n * HOUR for n in range(days * 24)]
    frame = pl.concat(
        pl.DataFrame(
            {
                "symbol": [symbol] * len(stamps),
                "ts": stamps,
                "open": [level + n // 24 % (5 + place) for n in range(len(stamps))],
                "volume": [10.0 + n % 24 for n in range(len(stamps))],
            }
        ).with_columns(pl.col("ts").cast(pl.Datetime("us", "UTC")))
        for place, (symbol, level) in enumerate(zip(SYMBOLS, (100.0, 50.0), strict=True))
    ).with_columns(
        high=pl.col("open"), low=pl.col("open"), close=pl.col("open"), venue=pl.lit(VENUE), timeframe=pl.lit("1h"),
        knowledge_ts=pl.col("ts") + HOUR,
    )  # fmt: skip
    Store(book, "test", "0").write("market.candles", frame)


def test_the_same_facts_give_the_same_bytes_and_one_version(book: Database, tmp_path: Path) -> None:
    history(book, 130)
    buy_and_sell(book)
    for day in DAYS:
        materialise(day)
    before = {path.name: path.read_bytes() for path in (tmp_path / "reports" / BOOK).iterdir()}
    again = materialise(DAYS[1])["risk_report"]
    assert {path.name: path.read_bytes() for path in (tmp_path / "reports" / BOOK).iterdir()} == before
    assert again["new version"] is False
    (row,) = rows(book, f"select document, document_hash, path from reports.risk_report where day = '{DAYS[1]}'")
    document = told(tmp_path, DAYS[1])
    assert row["document"] == document
    assert row["document_hash"] == digest(document) == again["document hash"]
    assert row["document_hash"] in Path(row["path"]).read_text()
    assert document["real"] is False
    assert document["headline"]["value_at_risk_99"] is not None
    assert again["value at risk, 95 %"] == pytest.approx(float(document["headline"]["value_at_risk_95"]))
    assert again["days of history"] == 133


def test_the_closes_of_days_are_those_known_then(book: Database) -> None:
    history(book, 5)
    with book.transaction() as connection:
        before = risk.day_closes(connection, MARKETS)
        end = before[-2].ts
        connection.execute(
            "insert into market.candles select venue, symbol, timeframe, ts, %s, open, high * 2, low, close * 2,"
            " volume, run_id, code_version from market.candles where ts = %s and symbol = 'ETH/USDT'",
            (NOW + HOUR, end),
        )
        assert risk.day_closes(connection, MARKETS) == before
        connection.execute("update market.candles set knowledge_ts = %s where knowledge_ts = %s", (NOW, NOW + HOUR))
        revised = risk.day_closes(connection, MARKETS)
    assert [row.symbol for row in before] == ["BTC/USDT"] * 9 + ["ETH/USDT"] * 9
    assert {(row.ts + HOUR - NOW) % DAY for row in before} == {timedelta(0)}
    assert revised[-2].price == 2 * before[-2].price
    assert (revised[:-2], revised[-1]) == (before[:-2], before[-1])


def test_volume_counts_by_whole_days(book: Database) -> None:
    history(book, 5)
    with book.transaction() as connection:
        whole = risk.daily_volumes(connection, MARKETS)
        # The history begins at 20:00 and a day here ends at midnight: its first four hours are no whole day.
        assert [len(whole[symbol]) for symbol in SYMBOLS] == [8, 8]
        assert whole["BTC/USDT"][0] == sum(10 + n for n in range(24))
        connection.execute("delete from market.candles where symbol = 'BTC/USDT' and ts = %s", (NOW - 3 * HOUR,))
        assert len(risk.daily_volumes(connection, MARKETS)["BTC/USDT"]) == 7


def test_a_book_counts_while_it_is_sound_and_new(book: Database) -> None:
    insert = (
        "insert into market.order_books (venue, symbol, ts, knowledge_ts, state, bids, asks, run_id, code_version)"
        " values (%s, %s, %s, %s, %s, %s::numeric[], %s::numeric[], 't', '0')"
    )
    sound = ("LIVE", "{{99,1},{98,2}}", "{{101,3}}")
    with book.transaction() as connection:
        connection.execute(insert, (VENUE, "BTC/USDT", NOW - timedelta(minutes=5), NOW, *sound))
        connection.execute(insert, (VENUE, "ETH/USDT", NOW - 2 * HOUR, NOW, *sound))
        found = risk.books(connection, MARKETS)
        assert list(found) == ["BTC/USDT"]
        assert found["BTC/USDT"].bids[1].quantity == Decimal(2)
        late = (VENUE, "BTC/USDT", NOW - timedelta(minutes=1), NOW, "BROKEN", "{}", "{}")
        connection.execute(insert, late)
        assert risk.books(connection, MARKETS) == {}


def test_peaks_are_told_of_the_newest_day_only(book: Database, tmp_path: Path) -> None:
    buy_and_sell(book)
    for day in DAYS:
        materialise(day)
    materialise(DAYS[0])
    uses = [{row["name"]: row["use"] for row in told(tmp_path, day)["limits"]["rows"]} for day in DAYS]
    assert uses[0]["max_drawdown"] is None
    assert uses[1]["max_drawdown"] is not None
    assert uses[0]["max_order_value"] == "18370.371"


def test_every_query_of_the_report_answers(book: Database, tmp_path: Path) -> None:
    buy_and_sell(book)
    for day in DAYS:
        materialise(day)
    document = told(tmp_path, DAYS[1])
    with book.transaction() as connection:
        # What waits for a second person is no limit that holds.
        limit_changes.propose(connection, Limits(max_drawdown=Decimal("0.9")), "anna", "bold", START)
    answers = {question: rows(book, query) for question, query in document["queries"].items()}
    assert all(answers.values())
    assert [row["reason"] for row in answers["the limits"]] == ["defaults"]
    held = answers["the positions that are at risk"]
    assert sum(row["value"] for row in held) == Decimal(document["exposure"]["net"])
    assert (
        len(answers["the closes at the ends of past days, 24 hours apart"])
        == document["data"]["closes of past days"]["rows"]
    )


def test_a_day_before_the_book_and_a_curve_older_than_the_ledger(book: Database) -> None:
    assert materialise("2024-02-28")["risk_report"]["dagster/row_count"] == 0
    materialise(DAYS[0], positions, equity_curve)
    buy_and_sell(book)
    with pytest.raises(BadData, match=r"materialise portfolio/equity_curve for 2024-03-01 again"):
        materialise(DAYS[0], risk_report)
