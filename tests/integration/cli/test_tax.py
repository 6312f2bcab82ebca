"""`tradewind tax` on generated books: it ties with the ledger to the last unit and repeats its bytes."""

import json
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest

from adapters.store.database import Database
from adapters.tax_report import Request, make
from cli.program import enter
from tests.integration.cli.taxed_books import store
from tests.integration.cli.test_json import assert_documented
from tests.unit.trading.tax.traded import START, Traded, traded
from trading.money import CONTEXT
from trading.tax.countries.generic import generic
from trading.tax.countries.us import US
from trading.tax.country import Country
from trading.tax.methods.method import Method

NOW = datetime(2026, 6, 1, tzinfo=UTC)
CASES: list[tuple[Country, Method]] = [
    *((US, method) for method in (Method.FIFO, Method.LIFO, Method.HIFO)),
    (generic("USD"), Method.AVERAGE),
    (generic("EUR"), Method.FIFO),
    (generic("USDT"), Method.LIFO),
]
OWNED = (
    "select currency, sum(amount) as amount from trading.balances where book = %s"
    " and account in ('cash', 'reserved', 'position') group by currency having sum(amount) <> 0"
)


@pytest.fixture
def books(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    monkeypatch.setenv("TRADEWIND_DATABASE_URL", database)
    with Database(database) as opened:
        yield opened


def told(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    capsys.readouterr()
    enter(["tax", *words, "--json"])
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_a_hundred_books_tie_with_their_ledgers_to_the_last_unit(books: Database) -> None:
    made = [traded(seed) for seed in range(100)]
    store(books, made)
    disposals = 0
    for each in made:
        country, method = CASES[each.seed % len(CASES)]
        with books.transaction() as connection:
            owned = {row["currency"]: row["amount"] for row in connection.execute(OWNED.encode(), (each.name,))}
            years = [
                make(connection, Request(year, (each.name,), country, method, ZoneInfo("UTC")), NOW, "0").document
                for year in (2024, 2025)
            ]
        disposals += _tied(each, owned, years)
    assert disposals > 2_500


def _tied(each: Traded, owned: dict[str, Decimal], years: list[dict[str, Any]]) -> int:
    """Check the documents of all years of a book against what the ledger holds, by sums of this test's own."""
    last, currency = years[-1], years[-1]["currency"]
    left = {row["asset"]: Decimal(row["quantity"]) for row in last["remaining"]}
    assert left == {coin: amount for coin, amount in owned.items() if coin != currency}, f"seed {each.seed}"
    rows = [row for year in years for row in year["disposals"]]
    for year in years:
        units: dict[str, Decimal] = defaultdict(Decimal)
        for row in year["disposals"]:
            units[row["asset"]] += Decimal(row["quantity"])
        for row in year["by_asset"]:
            units[row["asset"]] -= Decimal(row["quantity"])
        assert set(units.values()) <= {0}
    with localcontext(CONTEXT):
        earned = sum(Decimal(row["proceeds"]) - Decimal(row["cost"]) - Decimal(row["fee"]) for row in rows)
        came = sum(Decimal(row["value"]) for row in last["assumed"] if Decimal(row["quantity"]) > 0)
        went = sum(Decimal(row["value"]) for row in last["assumed"] if Decimal(row["quantity"]) < 0)
        cost = sum(Decimal(row["cost"]) for row in last["remaining"])
        paid_in = sum((amount for _, _, coin, amount in each.capital if coin == currency), Decimal(0))
        assert earned + came - went - cost == owned.get(currency, Decimal(0)) - paid_in, f"seed {each.seed}"
        for row in rows:
            for name in ("quantity", "proceeds", "cost", "fee", "gain"):
                assert sum(Decimal(lot[name]) for lot in row["lots"]) == Decimal(row[name])
    return len(rows)


def test_the_files_are_there_and_the_same_facts_give_the_same_bytes(
    books: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store(books, [traded(3)])
    words = ("2024", "--country", "us", "--method", "hifo", "--out", str(tmp_path / "out"))
    first = told(capsys, *words)
    assert first["currency"] == "USD"
    name = "tax-2024-us-hifo-usd"
    ends = (".csv", ".html", ".json", "-rp2.ini", "-rp2.ods")
    written = files(tmp_path / "out")
    assert sorted(written) == sorted(name + end for end in ends)
    page = written[f"{name}.html"].decode()
    assert first["document_hash"] in page
    assert "<script" not in page
    assert "counted as bought at its worth" in page
    assert told(capsys, *words) == first
    assert files(tmp_path / "out") == written
    document = json.loads(written[f"{name}.json"])
    assert written[f"{name}.csv"].decode().count("\n") == 1 + sum(len(row["lots"]) for row in document["disposals"])
    with zipfile.ZipFile(tmp_path / "out" / f"{name}-rp2.ods") as opened:
        assert opened.testzip() is None
        assert opened.namelist()[0] == "mimetype"
    assert enter(["tax", *words]) == 0
    assert "gains less losses" in capsys.readouterr().out


def test_later_trades_change_no_report_of_a_year_before(
    books: Database, database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store(books, [traded(5)])
    words = ("2024", "--country", "generic", "--currency", "USD", "--out", str(tmp_path))
    before = told(capsys, *words)["document_hash"]
    with psycopg.connect(database) as connection:
        connection.execute(
            "insert into trading.foreign_trades select book, venue, symbol, trade_id || '999', venue_order_id, side,"
            " price, quantity, fee, fee_currency, '2025-08-01', recorded_at from trading.foreign_trades limit 1"
        )
    assert told(capsys, *words)["document_hash"] == before


def test_books_together_share_a_country_s_pool(
    books: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store(books, [traded(seed) for seed in (1, 2)])
    words = ("2024", "--country", "us", "--out", str(tmp_path), "--book", "book-1", "--book", "book-2")
    asked = told(capsys, *words[:5])
    assert asked["message"] == "there are 2 books: choose with --book among book-1, book-2"
    both = told(capsys, *words)
    assert [row["book"] for row in both["books"]] == ["book-1", "book-2"]
    alone = [told(capsys, *words[:5], "--book", name) for name in ("book-1", "book-2")]
    units: dict[str, Decimal] = defaultdict(Decimal)
    for one in alone:
        for row in one["remaining"]:
            units[row["asset"]] += Decimal(row["quantity"])
    assert {row["asset"]: Decimal(row["quantity"]) for row in both["remaining"]} == units


REFUSED = [
    (("2024", "--country", "uk", "--method", "fifo"), "UK does not allow fifo: choose one of section 104"),
    (("2024", "--country", "es", "--method", "hifo"), "ES does not allow hifo: choose one of fifo"),
    (("2024", "--country", "us", "--method", "best"), "--method best: choose one of fifo, lifo"),
    (("2024", "--country", "us", "--method", "specific"), "--method specific: the books name no lots"),
    (("2024", "--country", "fr"), "--country fr: choose one of us, uk, es, ie, generic"),
    (("2024", "--country", "us", "--currency", "EUR"), "--currency EUR: US counts in USD"),
    (("2024", "--country", "us", "--zone", "Mars/Olympus"), "--zone Mars/Olympus: no time zone has this name"),
    (("2024", "--country", "us", "--book", "nobody"), "--book nobody: there is no such book"),
    (("2024", "--country", "us", "--par", "USDT"), "--par 'USDT' is not of the form USDT=USD"),
    (("2024", "--country", "us", "--cost", "BTC=much"), "--cost 'BTC=much' is not of the form BTC=9000"),
    (("2024", "--country", "us", "--cost", "DOGE=1"), "--cost DOGE: no book began with any DOGE"),
    (("2100", "--country", "uk"), "the tax year 2100/2101 begins on 2100-04-06: it has not begun"),
    (("0", "--country", "us"), "0 is no year"),
]


def test_what_cannot_be_is_refused_by_name_with_exit_code_2(
    books: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store(books, [traded(3)])
    for words, why in REFUSED:
        said = told(capsys, *words, "--out", str(tmp_path))
        assert (said.get("exit_code"), why in said.get("message", "")) == (2, True), (words, said)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_rate_is_named_and_a_declared_par_is_spoken(
    books: Database, database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store(books, [traded(3)])
    with psycopg.connect(database) as connection:
        connection.execute("delete from market.candles where symbol in ('USDT/USD', 'BTC/EUR', 'EUR/USD')")
    words = ("2024", "--country", "us", "--out", str(tmp_path))
    said = told(capsys, *words)
    assert said["exit_code"] == 2
    assert "what a USDT was worth in USD at 2024-07-18 14:59:00 UTC is not known" in said["message"]
    assert "declare --par USDT=USD" in said["message"]
    assert list(tmp_path.iterdir()) == []
    declared = told(capsys, *words, "--par", "USDT=USD")
    assert any("USDT is counted as one USD, as --par declares" in words for words in declared["assumptions"])


def test_a_rate_that_was_known_too_long_ago_is_none(
    books: Database, database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store(books, [traded(3)])
    with psycopg.connect(database) as connection:
        connection.execute("delete from market.candles where ts >= %s", (START,))
    said = told(capsys, "2024", "--country", "us", "--out", str(tmp_path))
    assert "was known then" in said["message"]
    assert "2024-03-01 00:00:00" not in said["message"]


def test_a_close_that_nobody_knew_at_the_trade_changes_nothing(
    books: Database, database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store(books, [traded(3)])
    words = ("2024", "--country", "us", "--out", str(tmp_path))
    before = told(capsys, *words)
    with psycopg.connect(database) as connection:
        added = connection.execute(
            "insert into market.candles (venue, symbol, timeframe, ts, knowledge_ts, open, high, low, close, volume,"
            " run_id, code_version) select venue, symbol, timeframe, ts, knowledge_ts + interval '2 minutes' , 1, 1, 1,"
            " 1, 1, 'test', '0' from market.candles where ts + interval '1 hour' = %s on conflict do nothing",
            (START,),
        ).rowcount
    assert added > 0
    assert told(capsys, *words) == before


def test_a_year_without_anything_is_a_report_too(
    books: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store(books, [traded(3)])
    said = told(capsys, "2020", "--country", "uk", "--out", str(tmp_path))
    assert (said["headline"]["disposals"], said["headline"]["net"], said["remaining"]) == (0, "0", [])
    assert said["rp2_refused"] == "nothing has happened"
    assert "Nothing was disposed of in this year." in (tmp_path / "tax-2020-uk-section-104-gbp.html").read_text()


def test_a_ledger_that_says_something_else_stops_the_report(
    books: Database, database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store(books, [traded(3)])
    with psycopg.connect(database) as connection:
        connection.execute(
            "insert into trading.foreign_trades select book, venue, symbol, '77', venue_order_id, 'BUY', price,"
            " 0.00001, 0, 'USD', ts, ts from trading.fills where symbol = 'BTC/USD' or symbol = 'BTC/USDT' limit 1"
        )
    said = told(capsys, "2025", "--country", "us", "--out", str(tmp_path))
    assert (said["error"], "of book book-3: lots hold" in said["message"]) == ("BadData", True)
    assert list(tmp_path.iterdir()) == []


def test_what_it_had_cost_counts_where_a_person_tells_it(
    books: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store(books, [traded(3)])
    words = ("2025", "--country", "us", "--out", str(tmp_path))
    market, free = (told(capsys, *words, *more) for more in ((), ("--cost", "BNB=0@2019-01-01")))
    with localcontext(CONTEXT):
        assert sum(Decimal(year["net"]) for year in free["years"]) > sum(Decimal(y["net"]) for y in market["years"])
    assert any(row["long"] != "0" for row in free["years"])
    assert any("had cost what --cost says" in words for words in free["assumptions"])


def test_what_happened_outside_the_books_counts_as_it_was_noted(
    books: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store(books, [traded(3)])
    notes = tmp_path / "notes.csv"
    words = ("2024", "--country", "us", "--out", str(tmp_path / "out"), "--events", str(notes))
    notes.write_text("id,ts,what,asset,quantity,wallet,value\ns,2024-05-01,staking,ADA,10,cold,7\n")
    said = told(capsys, *words)
    assert_documented("tax", said)
    assert said["headline"]["income"] == "7"
    assert {row["asset"]: row["quantity"] for row in said["remaining"]}["ADA"] == "10"
    assert any("as the taxpayer has noted them (--events): 1." in words for words in said["assumptions"])
    assert ">cold<" in (tmp_path / "out" / "tax-2024-us-fifo-usd.html").read_text()
    notes.write_text("id,ts,what,asset,quantity,wallet,value\ns,2025-05-01,staking,ADA,10,cold,7\n")
    assert "ADA" not in {row["asset"] for row in told(capsys, *words)["remaining"]}
    for content, why in (
        ("id,when\n", "columns when are none of id, ts, what"),
        ("id,ts,what\na,2024-05-01,theft\n", "--events row 1: what 'theft' is none of"),
        ("id,ts,what,asset,quantity,explains\na,2024-05-01,lost,ADA,1,x\n", "ADA was worth in USD"),
        ("id,ts,what,asset,quantity,value,explains\na,2024-05-01,lost,ADA,1,0,x\n", "explains x, which is not assumed"),
    ):
        notes.write_text(content)
        said = told(capsys, *words)
        assert (said.get("exit_code"), why in said["message"]) == (2, True), said
    notes.unlink()
    assert "notes.csv" in told(capsys, *words)["message"]
