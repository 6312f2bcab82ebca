"""`tradewind note`: notes are kept as they were written, listed, and refused where they say nothing."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from typer.testing import CliRunner

from adapters.store.database import Database
from cli.note import written
from cli.program import app
from tests.integration.assets.traded_book import BOOK, HOUR, START, open_book, trade
from tests.integration.cli.test_json import assert_documented
from trading.errors import Misconfigured
from trading.order import Side

HOSTILE = "<script>x</script> [bold]b[/bold] '; drop table ops.trade_notes; --"


@pytest.fixture
def orders(database: str) -> Iterator[tuple[str, list[str]]]:
    with Database(database) as opened:
        open_book(opened)
        trade(opened, 1, START, "BTC/USDT", Side.BUY, "0.3", "61234.57", "up")
        trade(opened, 2, START + HOUR, "BTC/USDT", Side.SELL, "0.1", "62000", "down")
        with opened.transaction() as connection:
            found = connection.execute("select client_id from trading.orders order by created_at").fetchall()
        yield database, [row["client_id"] for row in found]


def said(url: str, *words: str) -> Any:
    return CliRunner(env={"TRADEWIND_DATABASE_URL": url, "COLUMNS": "200"}).invoke(app, ["note", *words])


def last(done: Any) -> Any:
    return json.loads(done.stdout.splitlines()[-1])


def test_a_note_is_kept_as_written_and_listed(orders: tuple[str, list[str]]) -> None:
    url, (first, second) = orders
    done = said(url, first[:12], HOSTILE, "--by", "ann", "--json")
    assert done.exit_code == 0, done.output
    kept = last(done)
    assert_documented("note", kept)
    assert (kept["client_id"], kept["author"], kept["note"]) == (first, "ann", HOSTILE)
    assert said(url, second, "two\nlines", "--by", "bob").exit_code == 0
    listed = last(said(url, "--json"))
    assert_documented("note, listing", listed)
    assert (listed["book"], [row["note"] for row in listed["notes"]]) == (BOOK, [HOSTILE, "two\nlines"])
    alone = last(said(url, second, "--json"))
    assert [row["author"] for row in alone["notes"]] == ["bob"]
    shown = said(url, first).stdout
    assert "[bold]b[/bold]" in shown
    assert "ann" in shown


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("tw-nothing", "x"), "no order has a client id that begins like this"),
        (("", "x"), "ORDER is empty"),
        (("tw-", "x"), "is the beginning of several client ids"),
        (("tw-", " \n "), "TEXT is empty"),
        (("tw-", "a" * 2001), "at most 2,000"),
        (("tw-", "beep\x07"), "control characters"),
        (("tw-", "x", "--book", "none"), "there is no such book"),
        (("tw-", "x", "--by", "guard"), "not the name of a person"),
        (("--book", "none"), "there is no such book"),
    ],
)
def test_what_cannot_be_kept_is_refused(orders: tuple[str, list[str]], words: tuple[str, ...], why: str) -> None:
    done = said(orders[0], *words)
    assert done.exit_code == 2
    assert why in done.stderr.replace("\n", " ")


def test_a_book_without_notes_says_so(orders: tuple[str, list[str]]) -> None:
    assert said(orders[0]).stdout == "no notes\n"


def test_a_text_is_kept_without_the_space_around_it() -> None:
    assert written("  a\tb\n") == "a\tb"
    with pytest.raises(Misconfigured, match="halves of characters"):
        written("\ud800")
