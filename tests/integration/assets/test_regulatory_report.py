"""The regulatory report: its schema accepts it or it is not written, rows tie to the fills to the last unit."""

import csv
import io
import json
from collections.abc import Iterator
from decimal import Decimal, localcontext
from importlib.resources import files as packaged
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import dagster as dg
import psycopg
import pytest

from adapters.compliance.transaction_report import read_form, xml
from adapters.store import foreign
from adapters.store.database import Database
from assets.reports.regulatory_report import regulatory_report
from assets.resources import DeskResource
from tests.integration.assets.analysed_book import open_and_trade
from tests.integration.assets.traded_book import BOOK, DAYS, HOUR, START, SYMBOLS, VENUE
from trading.errors import BadData, Misconfigured
from trading.fill import Fill
from trading.instrument import Instrument
from trading.money import CONTEXT
from trading.order import Side

pytestmark = [
    # Dagster calls what pydantic has deprecated.
    pytest.mark.filterwarnings("ignore::DeprecationWarning:dagster.*"),
]


@pytest.fixture
def book(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    settings = {"MODE": "paper", "BOOK": BOOK, "DATABASE_URL": database, "DATA_DIR": str(tmp_path)}
    for name, value in settings.items():
        monkeypatch.setenv(f"TRADEWIND_{name}", value)
    with Database(database) as opened:
        open_and_trade(opened)
        yield opened


def materialise(day: str) -> dict[str, Any]:
    done = dg.materialize([regulatory_report], partition_key=day, resources={"desk": DeskResource()})
    (event,) = done.get_asset_materialization_events()
    return {name: value.value for name, value in event.materialization.metadata.items()}


def files(tmp_path: Path) -> dict[str, bytes]:
    folder = tmp_path / "reports" / BOOK
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())} if folder.exists() else {}


def add_stranger(book: Database) -> None:
    step, none = Decimal("0.00001"), Decimal(0)
    instrument = Instrument(VENUE, SYMBOLS[0], "BTC", "USDT", step, step, step, none, none, none)
    at = START + 10 * HOUR
    trade = Fill(
        VENUE, SYMBOLS[0], "900", "77", "", Side.SELL, Decimal("61000.123456789"), Decimal("0.00000001"), none,
        "USDT", at,
    )  # fmt: skip
    with book.transaction() as connection:
        foreign.add_trade(connection, BOOK, trade, instrument, at)


def form(tmp_path: Path, change: dict[str, str]) -> Path:
    """Return a copy of the form that we ship with some of its text replaced."""
    text = packaged("adapters").joinpath("compliance", "forms", "transactions.toml").read_text()
    for old, new in change.items():
        assert old in text
        text = text.replace(old, new, 1)
    path = tmp_path / "mine.toml"
    path.write_text(text)
    return path


def test_xml_csv_and_fills_say_the_same_to_the_last_unit(book: Database, tmp_path: Path, database: str) -> None:
    add_stranger(book)
    counted = [materialise(day)["dagster/row_count"] for day in DAYS]
    assert sum(counted) == 5
    rows: list[dict[str, str]] = []
    for day in DAYS:
        root = ET.fromstring(files(tmp_path)[f"regulatory-{day}.xml"])  # noqa: S314
        mine = [{one.tag: one.text or "" for one in row} for row in root]
        assert (root.get("day"), root.get("transactions")) == (day, str(len(mine)))
        table = list(csv.DictReader(io.StringIO(files(tmp_path)[f"regulatory-{day}.csv"].decode())))
        assert [{name: value for name, value in row.items() if value} for row in table] == mine
        assert json.loads(files(tmp_path)[f"regulatory-{day}.json"])["rows"] == mine
        rows += mine
    with psycopg.connect(database) as connection:
        booked = connection.execute(
            "select symbol, side, sum(quantity), sum(quantity * price) from (select * from (select symbol, side,"
            " quantity, price from trading.fills) as f union all select symbol, side, quantity, price"
            " from trading.foreign_trades) as t group by 1, 2"
        ).fetchall()
    with localcontext(CONTEXT):
        for symbol, side, quantity, value in booked:
            own = [row for row in rows if (row["Instrument"], row["BuySell"]) == (symbol, side)]
            assert sum(Decimal(row["Quantity"]) for row in own) == quantity
            assert sum(Decimal(row["Consideration"]) for row in own) == value
    (stranger,) = [row for row in rows if row["Origin"] == "FOREIGN"]
    assert "OrderReference" not in stranger
    assert len({row["TransactionReference"] for row in rows}) == 5


def test_the_same_facts_give_the_same_bytes_and_the_page_says_that_it_is_no_filing(
    book: Database, tmp_path: Path, database: str
) -> None:
    materialise(DAYS[0])
    before = files(tmp_path)
    materialise(DAYS[0])
    assert files(tmp_path) == before
    page = before[f"regulatory-{DAYS[0]}.html"].decode()
    assert "no filing" in page
    assert "<script" not in page
    document = json.loads(before[f"regulatory-{DAYS[0]}.json"])
    with psycopg.connect(database) as connection:
        assert connection.execute("select count(*) from reports.regulatory_report").fetchone() == (1,)
        counts = [len(connection.execute(query.encode()).fetchall()) for query in document["queries"].values()]
    assert counts == [len(document["rows"]), len(document["totals"])]


def test_a_form_of_the_users_own(book: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    schema = packaged("adapters").joinpath("compliance", "forms", "transactions.xsd").read_text()
    (tmp_path / "mine.xsd").write_text(schema.replace('value="BUY"', 'value="BUYI"').replace('"BuySell"', '"Side"'))
    mine = form(
        tmp_path,
        {
            'reporter = "own account"': 'reporter = "Anna & Co <trading>"\nschema_file = "mine.xsd"',
            'name = "BuySell"\n': 'name = "Side"\nwords = { BUY = "BUYI" }\n',
        },
    )
    monkeypatch.setenv("TRADEWIND_FIELD_MAP", str(mine))
    materialise(DAYS[0])
    root = ET.fromstring(files(tmp_path)[f"regulatory-{DAYS[0]}.xml"])  # noqa: S314
    assert root.get("reporter") == "Anna & Co <trading>"
    assert {row.findtext("Side") for row in root} <= {"BUYI", "SELL"}
    assert "&lt;trading&gt;" in files(tmp_path)[f"regulatory-{DAYS[0]}.html"].decode()


REFUSED = [
    ({'name = "BuySell"\n': 'name = "BuySell"\nwords = { BUY = "LONG" }\n'}, r"row 1 \(.+:1\), field BuySell = 'LONG'"),
    ({'fact = "price"\n': 'constant = "-1"\n'}, r"row 1 \(.+:1\), field Price = '-1'"),
    ({'name = "Asset"\n': 'name = "Coin"\n'}, r"row 1 \(.+:1\), field Coin"),
    (
        {'fact = "signal_id"\nrequired = false\nlongest = 80': 'fact = "signal_id"\nlongest = 3'},
        "field SignalReference",
    ),
    ({'fact = "reference"': 'constant = "same"'}, r"(?i)not written: .*duplicat"),
]


@pytest.mark.parametrize(("change", "why"), REFUSED)
def test_what_does_not_validate_is_not_written_and_names_row_and_field(
    book: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, str], why: str
) -> None:
    monkeypatch.setenv("TRADEWIND_FIELD_MAP", str(form(tmp_path, change)))
    with pytest.raises(BadData, match=why):
        materialise(DAYS[0])
    assert files(tmp_path) == {}


def test_the_schema_looks_behind_the_first_row(tmp_path: Path) -> None:
    made, schema = read_form(None)
    row = {
        "TransactionReference": "a", "VenueTradeId": "1", "Origin": "OURS", "TradingTime": "2026-01-01T00:00:00Z",
        "TradingCapacity": "OWN_ACCOUNT", "Venue": "v", "ExecutingEntity": "me", "Book": "b", "BuySell": "BUY",
        "Instrument": "BTC/USDT", "Asset": "BTC", "Quantity": "1", "Price": "2", "PriceCurrency": "USDT",
        "Consideration": "2", "Fee": "-0.1", "FeeCurrency": "BNB", "VenueOrderId": "9",
    }  # fmt: skip
    assert "<Fee>-0.1</Fee>" in xml([row], made, schema, "b", "2026-01-01")
    local = row | {"TransactionReference": "c", "TradingTime": "2026-01-01T00:00:00"}
    with pytest.raises(BadData, match=r"row 3 \(c\), field TradingTime"):
        xml([row, row | {"TransactionReference": "b"}, local], made, schema, "b", "2026-01-01")
    with pytest.raises(BadData, match="the head, field TransactionReport"):
        xml([row], made, schema, "b", "yesterday")
    with pytest.raises(Misconfigured, match="the schema of the regulatory report"):
        xml([row], made, "<none/>", "b", "2026-01-01")


@pytest.mark.parametrize(
    ("content", "why"), [(None, "mine.toml: No such file"), ("title = ", "mine.toml"), ("", "title")]
)
def test_a_form_that_cannot_be_read_names_the_file(tmp_path: Path, content: str | None, why: str) -> None:
    path = tmp_path / "mine.toml"
    if content is not None:
        path.write_text(content)
    with pytest.raises(Misconfigured, match=why):
        read_form(path)


def test_a_fill_that_the_report_would_miss_stops_it(book: Database, tmp_path: Path, database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("alter table trading.orders drop constraint orders_signal_id_decision_no_fkey")
        connection.execute("update trading.orders set decision_no = 9 where signal_id = 'signal-1'")
    with pytest.raises(BadData, match=r"BUY of BTC/USDT: the report says .* the books"):
        materialise(DAYS[0])
    assert files(tmp_path) == {}
