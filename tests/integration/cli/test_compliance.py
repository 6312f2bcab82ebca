"""`tradewind screen`, `restrict` and `cases`: what is asked is kept, what is hit blocks, what people do has a name."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from adapters.store import books
from adapters.store.database import Database
from cli.program import enter
from tests.integration.cli.test_json import assert_documented

ETHER = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
Ask = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    folder = tmp_path / "lists"
    folder.mkdir()
    (folder / "listed_ETH.txt").write_text(f"{ETHER.lower()}\n")
    (folder / "people.csv").write_text("name,aliases\nIvan Petrovich SIDOROV,Vanya the Miner\n")
    return folder


@pytest.fixture
def store(database: str, lists: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    monkeypatch.setenv("TRADEWIND_DATABASE_URL", database)
    monkeypatch.setenv("TRADEWIND_SCREENING_LISTS", str(lists))
    with Database(database) as opened:
        with opened.transaction() as connection:
            for book, symbols in (("one", ["BTC/USDT", "ETH/USDT"]), ("two", ["ETH/BTC"])):
                books.open_book(connection, book, {"venue": "v", "symbols": symbols}, 0)
        yield opened


@pytest.fixture
def ask(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Ask:
    def asked(*words: str) -> tuple[int, dict[str, Any]]:
        capsys.readouterr()
        code = enter([*words, "--data-dir", str(tmp_path), "--json"])
        return code, json.loads(capsys.readouterr().out.splitlines()[-1])

    return asked


def rows(store: Database, query: str) -> list[dict[str, Any]]:
    with store.transaction() as connection:
        return connection.execute(query.encode()).fetchall()


def closed(store: Database) -> set[tuple[str, str, str]]:
    found = rows(store, "select book, symbol, check_name from ops.gates where closed")
    return {(row["book"], row["symbol"], row["check_name"]) for row in found}


def test_a_hit_has_exit_code_1_and_every_answer_is_kept(store: Database, ask: Ask) -> None:
    code, said = ask("screen", ETHER, "--by", "anna")
    assert (code, said["hit"], said["case_id"], said["checksum"]) == (1, True, None, "right")
    assert said["hits"] == [
        {"source": "listed_ETH.txt", "line": 1, "listed": ETHER.lower(), "entry": "ETH", "score": "100"}
    ]
    assert_documented("screen", said)
    assert ask("screen", "Nobody at All", "--by", "anna")[0] == 0
    assert ask("screen", "Sidorov, Ivan Petrovitch", "--by", "anna")[0] == 1
    kept = rows(store, "select subject, actor, hit, book, lists_version from ops.screenings order by screening_id")
    assert [(row["subject"], row["hit"], row["book"]) for row in kept] == [
        (ETHER, True, None),
        ("Nobody at All", False, None),
        ("Sidorov, Ivan Petrovitch", True, None),
    ]
    assert {row["lists_version"] for row in kept} == {said["lists_version"]}
    assert [row["kind"] for row in rows(store, "select kind from ops.audit_events")] == ["screened"] * 3
    assert closed(store) == set()
    with store.transaction() as connection, pytest.raises(psycopg.errors.RestrictViolation):
        connection.execute("update ops.screenings set hit = false, hits = '[]'")


def test_a_counterparty_of_a_book_that_is_hit_blocks_that_book_and_is_one_case(store: Database, ask: Ask) -> None:
    code, said = ask("screen", "vanya the miner", "--book", "one", "--by", "anna")
    assert (code, said["book"]) == (1, "one")
    assert closed(store) == {("one", symbol, "screening") for symbol in ("BTC/USDT", "ETH/USDT")}
    assert ask("screen", "vanya the miner", "--book", "one", "--by", "ben")[1]["case_id"] == said["case_id"]
    code, listed = ask("cases", "list")
    (case,) = listed["cases"]
    assert (case["case_id"], case["state"], case["blocking"]) == (said["case_id"], "OPEN", True)
    assert_documented("cases list", listed)
    moved = ask("cases", "review", case["case_id"], "--reason", "asked the desk", "--by", "ben")[1]
    assert moved["state"] == "REVIEWED"
    assert_documented("cases review", moved)
    assert len(closed(store)) == 2
    code, moved = ask("cases", "close", case["case_id"], "--reason", "a namesake", "--by", "ben")
    assert (code, moved) == (
        0,
        {"case_id": case["case_id"], "state": "CLOSED", "reason": "a namesake", "by": "ben"},
    )
    assert_documented("cases close", moved)
    assert closed(store) == set()
    shown = ask("cases", "show", case["case_id"])[1]
    assert [(step["state"], step["actor"]) for step in shown["history"]] == [
        ("OPEN", "anna"),
        ("REVIEWED", "ben"),
        ("CLOSED", "ben"),
    ]
    assert_documented("cases show", shown)
    assert ask("cases", "list")[1]["cases"] == []
    code, refused = ask("cases", "close", case["case_id"], "--reason", "again", "--by", "ben")
    assert (code, "is CLOSED already" in refused["message"]) == (2, True)
    # Who was found to be a namesake stays one: the same hit opens nothing anew.
    ask("screen", "vanya the miner", "--book", "one", "--by", "anna")
    assert closed(store) == set()


def test_another_spelling_of_an_address_is_the_same_case(store: Database, ask: Ask) -> None:
    first, second = (ask("screen", one, "--book", "two", "--by", "anna")[1] for one in (ETHER, ETHER.lower()))
    assert first["case_id"] == second["case_id"]
    assert len(ask("cases", "list", "--book", "two")[1]["cases"]) == 1


def test_a_restriction_closes_the_gates_of_all_books_and_of_later_ones(store: Database, ask: Ask) -> None:
    code, placed = ask("restrict", "add", "btc", "--reason", "talks", "--by", "anna", "--until", "2999-01-01")
    assert (code, placed["subject"], placed["in_force"]) == (0, "BTC", True)
    assert_documented("restrict add", placed)
    expected = {("one", "BTC/USDT", "restricted_list"), ("two", "ETH/BTC", "restricted_list")}
    assert closed(store) == expected
    with store.transaction() as connection:
        books.open_book(connection, "three", {"venue": "v", "symbols": ["BTC/USDT:USDT", "SOL/USDT"]}, 0)
    assert closed(store) == {*expected, ("three", "BTC/USDT:USDT", "restricted_list")}
    assert ask("restrict", "add", "BTC", "--reason", "again", "--by", "anna")[0] == 2
    listed = ask("restrict", "list")[1]
    assert_documented("restrict list", listed)
    lifted = ask("restrict", "lift", str(placed["restriction_id"]), "--reason", "over", "--by", "ben")[1]
    assert_documented("restrict lift", lifted)
    assert closed(store) == set()
    assert ask("restrict", "lift", "1", "--reason", "over", "--by", "ben")[0] == 2
    story = rows(store, "select check_name, symbol, closed_for from analytics.gate_closures where book = 'two'")
    assert [(row["check_name"], row["closed_for"] is not None) for row in story] == [("restricted_list", True)]


def test_a_restriction_that_has_expired_opens_with_the_next_look(store: Database, ask: Ask, database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute(
            "insert into ops.restrictions (subject, owner, reason, placed_at, expires_at) values"
            " ('ETH/USDT', 'anna', 'short', clock_timestamp() - interval '1 day',"
            " clock_timestamp() + interval '150 ms')"
        )
    assert closed(store) == {("one", "ETH/USDT", "restricted_list")}
    with psycopg.connect(database) as connection:
        connection.execute("select pg_sleep(0.2)")
    assert ask("restrict", "list")[1]["restrictions"] == []
    assert closed(store) == set()
    assert ask("restrict", "add", "ETH/USDT", "--reason", "once more", "--by", "anna")[0] == 0


WRONG = [
    (("screen",), "say either which ADDRESS or NAME, or --lists"),
    (("screen", ETHER, "--lists"), "say either"),
    (("screen", ETHER[:-1]), "is no address"),
    (("screen", "Ivan", "--book", "nobody", "--by", "a"), "there is no such book"),
    (("restrict", "add", "bit coin", "--reason", "r", "--by", "a"), "is no asset"),
    (("restrict", "add", "BTC", "--reason", "r", "--by", "a", "--until", "2001-01-01"), "has passed"),
    (("restrict", "add", "BTC", "--reason", "r", "--by", "a", "--until", "soon"), "is no time"),
    (("cases", "show", "abc"), "there is no case abc"),
    (("cases", "close", "abc", "--reason", "r", "--by", "a"), "there is no case abc"),
    (("cases", "close", "abc", "--reason", " ", "--by", "a"), "--reason"),
]


@pytest.mark.parametrize(("words", "why"), WRONG)
def test_what_cannot_be_is_refused_by_name(store: Database, ask: Ask, words: tuple[str, ...], why: str) -> None:
    code, said = ask(*words)
    assert (code != 0, why in said["message"]) == (True, True), said
    assert rows(store, "select 1 from ops.screenings union all select 1 from ops.restrictions") == []


def test_lists_are_shown_and_a_torn_one_stops_everything(store: Database, ask: Ask, lists: Path) -> None:
    code, said = ask("screen", "--lists")
    assert (code, [one["entries"] for one in said["lists"]]) == (0, [1, 2])
    assert_documented("screen --lists", said)
    (lists / "people.csv").write_text("name,aliases\nIvan")
    for words in (("--lists",), ("Nobody",)):
        code, said = ask("screen", *words)
        assert (code, "people.csv: torn" in said["message"]) == (1, True)
    assert rows(store, "select 1 from ops.screenings") == []


def test_people_read_it_too(store: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--data-dir", str(tmp_path)]
    assert enter(["screen", ETHER, "--book", "one", "--by", "anna", *words]) == 1
    case_id = rows(store, "select case_id from ops.compliance_cases")[0]["case_id"]
    for verb in (["screen", "--lists"], ["cases", "list"], ["cases", "show", case_id], ["restrict", "list"]):
        assert enter([*verb, *words]) == 0
    said = capsys.readouterr().out
    for part in ("HIT: address", f"takes no new risk until case {case_id}", "OPEN, blocks", "nothing is restricted"):
        assert part in said
