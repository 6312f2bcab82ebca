"""The compliance report: every number has its rows, the same facts give the same bytes, planted cases are found."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import dagster as dg
import psycopg
import pytest

from adapters.exchange.clock import WallClock
from adapters.store import audit, cases, fills, foreign, limit_changes, orders, restrictions
from adapters.store.database import Connection, Database
from assets.reports.compliance_report import Surveillance, compliance_report
from assets.resources import DeskResource
from tests.integration.assets.analysed_book import open_and_trade
from tests.integration.assets.traded_book import BOOK, DAYS, HOUR, START, SYMBOLS, VENUE
from trading.audit import digest
from trading.compliance.case import CaseState
from trading.errors import BadData, Misconfigured
from trading.fill import Fill
from trading.instrument import Instrument
from trading.limits import Limits
from trading.order import Leg, OrderKey, OrderRequest, OrderType, Side

pytestmark = [
    # Dagster calls what pydantic has deprecated.
    pytest.mark.filterwarnings("ignore::DeprecationWarning:dagster.*"),
]

DAY = DAYS[1]
NOON = START + 16 * HOUR


@pytest.fixture
def book(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    settings = {"MODE": "paper", "BOOK": BOOK, "DATABASE_URL": database, "DATA_DIR": str(tmp_path)}
    for name, value in settings.items():
        monkeypatch.setenv(f"TRADEWIND_{name}", value)
    with Database(database) as opened:
        open_and_trade(opened)
        yield opened


def materialise(day: str = DAY, **thresholds: str) -> dict[str, Any]:
    config = dg.RunConfig({"reports__compliance_report": Surveillance(parameters=thresholds)})
    done = dg.materialize([compliance_report], partition_key=day, resources={"desk": DeskResource()}, run_config=config)
    (event,) = done.get_asset_materialization_events()
    return {name: value.value for name, value in event.materialization.metadata.items()}


def told(tmp_path: Path, day: str = DAY) -> dict[str, Any]:
    return json.loads((tmp_path / "reports" / BOOK / f"compliance-{day}.json").read_text())


def files(tmp_path: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((tmp_path / "reports" / BOOK).iterdir())}


def quoted(
    connection: Connection, number: int, at: float, side: Side, price: str, filled: bool, cancelled: float | None = None
) -> str:
    """Write a limit order at `at` seconds after NOON, filled or cancelled, and return its client id."""
    placed = NOON + timedelta(seconds=at)
    key = OrderKey("signal-1", 1, Leg.BID if side is Side.BUY else Leg.ASK, number)
    request = OrderRequest(
        key, BOOK, "mean_reversion", VENUE, SYMBOLS[0], side, OrderType.LIMIT, Decimal(1), Decimal(price),
        Decimal(price),
    )  # fmt: skip
    order = orders.create(connection, request, 1, 1, placed)
    state, ended = ("FILLED", placed) if filled else ("CANCELED", NOON + timedelta(seconds=cancelled or 0))
    connection.execute(
        "update trading.orders set state = %s, updated_at = %s, sent_at = %s where client_id = %s",
        (state, ended, placed, order.client_id),
    )
    if filled:
        fees = (Decimal(0), "USDT")
        trade = str(number)
        made = Fill(VENUE, SYMBOLS[0], trade, trade, order.client_id, side, Decimal(price), Decimal(1), *fees, placed)
        fills.add(connection, BOOK, [made], placed)
    return order.client_id


def test_every_number_has_its_rows_and_the_same_facts_give_the_same_bytes(book: Database, tmp_path: Path) -> None:
    first = materialise()
    document = told(tmp_path)
    head = document["headline"]
    assert (first["refusals"], first["new cases"], head["cases"]) == (1, 0, 0)
    (rule,) = document["refusals_by_rule"]
    assert (rule["rule"], rule["times"], rule["symbols"]) == ("gate stale_bars", 1, ["ETH/USDT"])
    assert document["refusals"][0]["evidence"] == "signal-5:1"
    closures = [(row["check_name"], row["opened_at"] is None) for row in document["gate_closures"]]
    assert closures == [("stale_bars", False), ("stale_bars", True)]
    assert (head["gate_closures"], head["gates_closed"]) == (2, 1)
    assert "no lists are set" in document["unscreened"]
    assert document["chain"] == {"last": 0, "rows": 0, "anchors": 0, "anchor": None, "flaw": None, "sound": True}
    before = files(tmp_path)
    assert sorted(before) == [f"compliance-{DAY}.{end}" for end in ("csv", "html", "json")]
    assert materialise()["new cases"] == 0
    assert files(tmp_path) == before
    with book.transaction() as connection:
        kept = connection.execute("select document, document_hash from reports.compliance_report").fetchall()
    assert [(row["document"], row["document_hash"]) for row in kept] == [(document, digest(document))]
    page = before[f"compliance-{DAY}.html"].decode()
    assert digest(document) in page
    assert "<script" not in page


def test_the_queries_of_the_document_give_its_rows(book: Database, tmp_path: Path, database: str) -> None:
    act(book)
    materialise()
    document = told(tmp_path)
    counts: dict[str, int] = {}
    with psycopg.connect(database) as connection:
        for question, query in document["queries"].items():
            counts[question] = len(connection.execute(query.encode()).fetchall())
    assert counts["decisions that were refused new risk"] == 1
    assert counts["gates that closed in the period, or were closed at its end"] == len(document["gate_closures"])
    assert counts["counterparties that were screened"] == len(document["screenings"])
    assert counts["what people allowed, took back or decided by hand"] == len(document["overrides"])


def act(book: Database) -> None:
    """Let people do all that they can, within the day of the market."""
    with book.transaction() as connection:
        placed = restrictions.place(connection, "ETH", "anna", "insider, talks", None)
        restrictions.lift(connection, placed.restriction_id, "ben", "over")
        restrictions.place(connection, "BTC/USDT", "anna", "still on", None)
        careful = Limits(max_order_value=Decimal(100))
        limit_changes.propose(connection, careful, "anna", "careful", WallClock().now())
        connection.execute(
            "insert into trading.halts (book, symbol, reason, actor, at, lifted_at, lifted_by, lifted_reason)"
            " values (%s, 'BTC/USDT', 'look', 'anna', clock_timestamp(), clock_timestamp(), 'ben', 'seen')",
            (BOOK,),
        )
        audit.record(connection, NOON, "ben", "resumed", "BTC/USDT", {"book": BOOK, "reason": "seen"})
        audit.record(connection, NOON, "eve", "resumed", "BTC/USDT", {"book": "another", "reason": "not ours"})


def simulate(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the market have a clock of its own that stands long after its days."""
    from adapters import compose
    from adapters.exchange.clock import WallClock

    monkeypatch.setenv("TRADEWIND_MODE", "local")
    monkeypatch.setattr(compose, "clock", lambda _: WallClock())


def test_what_people_did_is_told_with_who_and_why(
    book: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulate(monkeypatch)
    act(book)
    materialise()
    document = told(tmp_path)
    assert document["period"]["people"] == "all"
    assert [(row["by"], row["kind"], row["reason"]) for row in document["overrides"]] == [
        ("ben", "restriction_lifted", "over"),
        ("ben", "resumed", "seen"),
    ]
    assert [(row["subject"], row["lifted_by"]) for row in document["restrictions"]] == [
        ("ETH", "ben"),
        ("BTC/USDT", None),
    ]
    assert [(row["reason"], row["lifted_by"]) for row in document["halts"]] == [("look", "ben")]
    assert [row["changed"] for row in document["limit_changes"]][1:] == [
        {"max_order_value": {"from": "50000", "to": "100"}}
    ]
    closed = [row for row in document["gate_closures"] if row["check_name"] == "restricted_list"]
    assert [(row["symbol"], row["opened_at"] is None) for row in closed] == [("ETH/USDT", False), ("BTC/USDT", True)]
    rows = list(csv.DictReader(io.StringIO(files(tmp_path)[f"compliance-{DAY}.csv"].decode())))
    assert {row["section"] for row in rows} == {"refusal", "gate", "halt", "restriction", "override", "limits"}
    assert all(row["evidence"] for row in rows)
    # The chain is told up to the end of the day by its own clock.
    assert document["chain"]["sound"]


def test_planted_scenarios_become_cases_once_and_closed_ones_stay_closed(book: Database, tmp_path: Path) -> None:
    with book.transaction() as connection:
        quoted(connection, 501, 0, Side.BUY, "61000", filled=True)
        quoted(connection, 502, 1, Side.SELL, "61000", filled=True)
        shown = [quoted(connection, 510 + n, 600, Side.BUY, "60000", filled=False, cancelled=630) for n in range(5)]
        quoted(connection, 520, 632, Side.SELL, "62000", filled=True)
        stranger = Fill(
            VENUE, SYMBOLS[0], "900", "900", "x", Side.SELL, Decimal(61000), Decimal("0.1"), Decimal(0), "USDT", NOON
        )
        step = Decimal("0.00001")
        instrument = Instrument(VENUE, SYMBOLS[0], "BTC", "USDT", step, step, step, Decimal(0), Decimal(0), Decimal(0))
        foreign.add_trade(connection, BOOK, stranger, instrument, NOON)
    assert materialise()["new cases"] == 3
    document = told(tmp_path)
    found = {row["rule"]: row for row in document["cases"]}
    assert set(found) == {"self_trade", "layering", "unusual_movement"}
    assert set(found["layering"]["evidence"]) >= set(shown)
    assert found["unusual_movement"]["evidence"] == ["trade:900"]
    assert all(row["state"] == "OPEN" and row["in_period"] for row in found.values())
    before = files(tmp_path)
    assert materialise()["new cases"] == 0
    assert files(tmp_path) == before
    with book.transaction() as connection:
        for row in found.values():
            cases.move(connection, row["case_id"], CaseState.CLOSED, "ben", "explained")
        assert (
            connection.execute("select 1 from ops.gates where closed and check_name = 'screening'").fetchone() is None
        )
    assert materialise()["new cases"] == 0
    assert told(tmp_path)["headline"]["cases_open"] == 0


def test_another_threshold_is_told_and_a_wrong_one_is_refused(book: Database, tmp_path: Path) -> None:
    materialise(orders_per_minute="7")
    assert told(tmp_path)["surveillance"]["orders_per_minute"] == 7
    with pytest.raises(Misconfigured, match="surveillance parameter wash_trips"):
        materialise(wash_trips="-1")
    with pytest.raises(Misconfigured, match="surveillance parameter nonsense"):
        materialise(nonsense="1")


def test_counterparties_are_screened_again_when_the_lists_are_new(
    book: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lists = tmp_path / "lists"
    lists.mkdir()
    simulate(monkeypatch)
    monkeypatch.setenv("TRADEWIND_SCREENING_LISTS", str(lists))
    (lists / "listed_ETH.txt").write_text("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed\n")
    materialise()
    assert told(tmp_path)["unscreened"] == f"no list of names is there: {VENUE} could not be screened"
    (lists / "people.csv").write_text("name,aliases\nSomebody Else,\n")
    materialise()
    (row,) = told(tmp_path)["screenings"]
    assert (row["subject"], row["hit"], row["by"]) == (VENUE, False, "surveillance")
    before = files(tmp_path)
    materialise()
    assert files(tmp_path) == before
    (lists / "people.csv").write_text(f"name,aliases\nSomebody Else,{VENUE}\n")
    assert materialise()["hits"] == 1
    (case,) = told(tmp_path)["cases"]
    assert (case["rule"], case["blocking"], case["state"]) == ("screening", True, "OPEN")
    with book.transaction() as connection:
        gates = connection.execute("select symbol from ops.gates where closed and check_name = 'screening'").fetchall()
    assert {row["symbol"] for row in gates} == set(SYMBOLS)
    (lists / "people.csv").write_text("name,aliases\nSomebody")
    with pytest.raises(BadData, match=r"people.csv: torn"):
        materialise()


def test_a_broken_chain_is_told(book: Database, tmp_path: Path, database: str) -> None:
    act(book)
    materialise()
    assert told(tmp_path)["chain"]["rows"] > 0
    with psycopg.connect(database) as connection:
        connection.execute("alter table ops.audit_events disable trigger append_only")
        connection.execute("update ops.audit_events set actor = 'nobody' where seq = 1")
    materialise()
    chain = told(tmp_path)["chain"]
    assert (chain["sound"], chain["flaw"].startswith("row 1: changed")) == (False, True)
    assert "is broken" in files(tmp_path)[f"compliance-{DAY}.html"].decode()


def test_a_day_without_trading_has_no_report(book: Database, tmp_path: Path) -> None:
    assert materialise("2024-02-01") == {"dagster/row_count": 0, "why": "the book did not trade on this day"}
    assert not (tmp_path / "reports").exists()
