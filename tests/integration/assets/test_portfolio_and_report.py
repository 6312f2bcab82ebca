"""From the ledger to the report: totals tie to the last digit, a second run adds nothing and changes no byte."""

import json
import random
import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

import dagster as dg
import psycopg
import pytest

from adapters.store.database import Database
from assets.portfolio.equity_curve import equity_curve
from assets.portfolio.positions import positions
from assets.reports.daily_performance import daily_performance
from assets.resources import DeskResource
from tests.integration.assets.report_cells import KEYS, cells, disagreeing
from tests.integration.assets.traded_book import BOOK, DAYS, HOUR, START, trade, trade_at_random
from trading.audit import digest
from trading.errors import BadData
from trading.money import CONTEXT
from trading.order import Side

pytestmark = [
    # Dagster calls what pydantic has deprecated.
    pytest.mark.filterwarnings("ignore::DeprecationWarning:dagster.*"),
]


def buy_and_sell(book: Database) -> None:
    trade(book, 1, START, "BTC/USDT", Side.BUY, "0.3", "61234.57", "far below <its> mean")
    trade(book, 2, START + 3 * HOUR, "ETH/USDT", Side.BUY, "3.3333333333", "3210.0123456789", "far below its mean")
    trade(book, 3, START + 4 * HOUR, "BTC/USDT", Side.SELL, "0.1", "61999.99", "at midnight")
    trade(
        book, 4, START + 9 * HOUR + timedelta(minutes=20), "BTC/USDT", Side.SELL, "0.19", "60999.37", "back at its mean"
    )


def materialise(day: str, *assets: dg.AssetsDefinition) -> dict[str, Any]:
    chosen = assets or (positions, equity_curve, daily_performance)
    done = dg.materialize(list(chosen), partition_key=day, resources={"desk": DeskResource()})
    return {
        event.asset_key.path[-1]: {name: value.value for name, value in event.materialization.metadata.items()}
        for event in done.get_asset_materialization_events()
        if event.asset_key is not None
    }


def rows(book: Database, query: str) -> list[dict[str, Any]]:
    with book.transaction() as connection:
        return connection.execute(query).fetchall()  # pyright: ignore[reportArgumentType, reportCallIssue]


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((folder / "reports" / BOOK).iterdir())}


def test_two_days_tie_with_the_ledger_and_run_twice_without_a_trace(book: Database, tmp_path: Path) -> None:
    buy_and_sell(book)
    told = [materialise(day) for day in DAYS][-1]
    curve = rows(book, "select * from analytics.equity_curve order by ts")
    assert [row["ts"] for row in curve] == [START + number * HOUR for number in range(29)]
    assert curve[0]["equity"] == curve[0]["deposits"] == Decimal("100000.01")
    assert curve[0]["positions"] == 0
    assert curve[1]["positions"] > 0

    owned = rows(
        book,
        "select currency, sum(amount) as amount from trading.ledger_entries"
        " where account in ('cash', 'reserved', 'position') group by currency",
    )
    last = {
        r["symbol"]: Decimal(repr(r["close"])) for r in rows(book, "select * from market.candles_current order by ts")
    }
    with localcontext(CONTEXT):
        by_hand = sum(row["amount"] * last.get(f"{row['currency']}/USDT", Decimal(1)) for row in owned)
        held = rows(book, "select * from analytics.positions order by ts")
        final = [row for row in held if row["ts"] == curve[-1]["ts"]]
        assert curve[-1]["equity"] == by_hand
        assert sum(row["value"] for row in final) == curve[-1]["positions"]
    assert {row["symbol"]: row["quantity"] for row in final} == {
        "BTC/USDT": Decimal("0.0097"),
        "ETH/USDT": Decimal("3.3299999999667"),
    }
    first, second = (json.loads((tmp_path / "reports" / BOOK / f"{day}.json").read_text()) for day in DAYS)
    assert (len(first["fills"]), len(second["fills"])) == (3, 1)
    assert first["headline"]["equity"] == second["headline"]["opening"]
    assert Decimal(second["headline"]["equity"]) == by_hand
    pnl = [Decimal(day["headline"]["pnl"]) for day in (first, second)]
    with localcontext(CONTEXT):
        assert sum(pnl) == by_hand - Decimal("100000.01") == Decimal(second["headline"]["pnl_since_start"])
    assert told["daily_performance"]["equity"] == pytest.approx(float(by_hand))

    before, counted = files(tmp_path), rows(book, COUNTS)
    for day in DAYS:
        again = materialise(day)
        assert [again[name]["rows written"] for name in ("positions", "equity_curve")] == [0, 0]
    assert files(tmp_path) == before
    assert rows(book, COUNTS) == counted
    assert sorted(before) == sorted(f"{day}.{kind}" for day in DAYS for kind in ("html", "json", "csv"))


def test_the_stored_document_is_the_filed_one_and_its_hash_can_be_checked(book: Database, tmp_path: Path) -> None:
    buy_and_sell(book)
    materialise(DAYS[0])
    (row,) = rows(book, "select document, document_hash, path from reports.daily_performance")
    filed = json.loads((tmp_path / "reports" / BOOK / f"{DAYS[0]}.json").read_text())
    assert row["document"] == filed
    assert row["document_hash"] == digest(filed)
    page = Path(row["path"]).read_text()
    assert row["document_hash"] in page
    assert "far below &lt;its&gt; mean" in page
    assert "http" not in page.replace("http-equiv", "")
    assert "<script" not in page
    assert (tmp_path / "reports" / BOOK / f"{DAYS[0]}.csv").read_text().count("\n") == 4


def test_every_query_of_the_report_answers(book: Database, tmp_path: Path) -> None:
    buy_and_sell(book)
    materialise(DAYS[0])
    told = json.loads((tmp_path / "reports" / BOOK / f"{DAYS[0]}.json").read_text())
    assert {name for name in told["queries"] if " " not in name} == {*KEYS}
    for statement in told["queries"].values():
        rows(book, statement)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_cell_reproduces_from_its_link(book: Database, tmp_path: Path, seed: int) -> None:
    trade_at_random(book, random.Random(seed))
    for day in DAYS:
        materialise(day)
    met: set[str] = set()
    for day in DAYS:
        told = json.loads((tmp_path / "reports" / BOOK / f"{day}.json").read_text())
        every = cells(told)
        assert disagreeing(book, told, every) == []
        met |= {cell.table for cell in every}
        page = (tmp_path / "reports" / BOOK / f"{day}.html").read_text()
        assert set(re.findall(r'href="#([^"]+)"', page)) <= set(re.findall(r'id="([^"]+)"', page))
    assert met >= {"headline", "record", "round_trips", "fills", "orders", "positions", "curve", "strategies"}


def test_a_cell_that_is_forged_is_found(book: Database, tmp_path: Path) -> None:
    buy_and_sell(book)
    materialise(DAYS[0])
    told = json.loads((tmp_path / "reports" / BOOK / f"{DAYS[0]}.json").read_text())
    every = cells(told)
    forged = [
        replace(cell, value=str(Decimal(str(cell.value)) + Decimal("0.001")))
        for cell in every
        if isinstance(cell.value, str | int)
        and re.fullmatch(r"-?[\d.]+", str(cell.value))
        and cell.column not in KEYS[cell.table]
    ]
    assert len(forged) > 100
    assert [cell for cell, _ in disagreeing(book, told, forged)] == forged


def test_a_late_fill_makes_new_versions_and_keeps_the_old_ones(book: Database) -> None:
    materialise(DAYS[0])
    buy_and_sell(book)
    written = materialise(DAYS[0])
    assert written["equity_curve"]["rows written"] == 4
    versions = rows(
        book, "select knowledge_ts = ts as first, count(*) as n from portfolio.equity_curve group by 1 order by 1"
    )
    assert [(row["first"], row["n"]) for row in versions] == [(False, 4), (True, 5)]
    assert rows(book, "select count(*) as n from analytics.equity_curve")[0]["n"] == 5
    assert rows(book, "select count(*) as n from reports.daily_performance")[0]["n"] == 2


def test_a_report_refuses_a_curve_that_is_older_than_the_ledger(book: Database) -> None:
    materialise(DAYS[0], positions, equity_curve)
    buy_and_sell(book)
    with pytest.raises(BadData, match=r"materialise portfolio/equity_curve for 2024-03-01 again"):
        materialise(DAYS[0], daily_performance)


def test_a_day_before_the_book_has_nothing_to_tell(book: Database, tmp_path: Path) -> None:
    told = materialise("2024-02-20")
    assert [told[name]["dagster/row_count"] for name in ("positions", "equity_curve", "daily_performance")] == [0, 0, 0]
    assert not (tmp_path / "reports").exists()


def test_a_fee_in_a_third_currency_stops_the_valuation(book: Database) -> None:
    buy_and_sell(book)
    with book.transaction() as connection:
        connection.execute(
            "with fee as (insert into trading.journals select 'fee', book, 'FILL', ref, at from trading.journals"
            "  where journal_id like 'fill:%:1' returning journal_id)"
            " insert into trading.ledger_entries select fee.journal_id, n - 1, book, strategy, symbol,"
            " (array['cash', 'fees'])[n], 'BNB', n * 2 - 3 from fee, trading.ledger_entries as e,"
            " generate_series(1, 2) as n where e.journal_id like 'fill:%:1' and e.line = 0"
        )
    with pytest.raises(BadData, match="moves BNB: no price to value it with"):
        materialise(DAYS[0], positions)


def test_every_column_of_the_views_is_documented(database: str) -> None:
    with psycopg.connect(database) as connection:
        bare = connection.execute(
            "select c.relname, a.attname from pg_class as c inner join pg_attribute as a on a.attrelid = c.oid"
            " where c.relnamespace = 'analytics'::regnamespace and a.attnum > 0 and c.relname <> 'order_passport'"
            " and col_description(c.oid, a.attnum) is null"
        ).fetchall()
    assert bare == []


COUNTS = (
    "select (select count(*) from portfolio.positions) as positions, (select count(*) from portfolio.equity_curve)"
    " as curve, (select count(*) from reports.daily_performance) as reports"
)
