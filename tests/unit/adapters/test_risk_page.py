"""The risk report as page and table: escaped, whole in itself, the same bytes, and honest where nothing is known."""

import csv
import io
from typing import Any

import pytest

from adapters import risk_page
from adapters.loss_bars import draw_losses
from tests.unit.trading.reports.test_risk_report import DAY, END, facts
from trading.audit import digest, plain
from trading.reports.risk_report import document


@pytest.fixture
def told() -> dict[str, Any]:
    return plain(document(facts()))


def page(told: dict[str, Any]) -> str:
    return risk_page.page({**told, "document_hash": digest(told)})


def test_the_page_is_whole_in_itself_and_escapes_what_it_is_given() -> None:
    told = plain(document(facts(book="<b>book</b>", queries={"q": "select '<script>'"})))
    text = page(told)
    assert "&lt;b&gt;book&lt;/b&gt;" in text
    assert "<b>book" not in text
    assert digest(told) in text
    for stranger in ("http://", "https://", "<script", "@import", "url("):
        assert stranger not in text


def test_a_number_shows_its_sign_and_keeps_all_its_digits(told: dict[str, Any]) -> None:
    text = page(told)
    at_risk = told["headline"]["value_at_risk_95"]
    assert f'<span title="{at_risk}">\u2212' in text
    assert "generated market" not in text
    assert "generated market" in page({**told, "real": False})


def test_what_is_not_known_is_a_dash_with_its_reason() -> None:
    short = [close for close in facts().past if close.ts >= END - 20 * DAY]
    text = page(plain(document(facts(past=short, peaks=None, largest_order=None, volumes={}, books={}))))
    assert "There is too little history to tell a value at risk (19 of at least 30 days)" in text
    assert "no order in this period" in text
    assert "no sound order book of the last hour is stored" in text
    assert "nan" not in text.lower().replace("finance", "")
    assert "None" not in text


def test_a_scenario_of_which_nothing_is_known_is_told_and_not_drawn(told: dict[str, Any]) -> None:
    told["stress"]["historical"][0] |= {"profit": None, "profit_pct": None, "missing": ["A/Q"]}
    assert "nothing known there of A/Q" in page(told)


def test_equal_documents_give_equal_pages_and_tables(told: dict[str, Any]) -> None:
    again = plain(document(facts()))
    assert (page(told), risk_page.figures_csv(told)) == (page(again), risk_page.figures_csv(again))


def test_the_table_has_every_figure_once(told: dict[str, Any]) -> None:
    rows = list(csv.DictReader(io.StringIO(risk_page.figures_csv(told))))
    found = {(row["section"], row["item"], row["figure"]): row["value"] for row in rows}
    assert len(found) == len(rows)
    assert found["headline", "", "equity"] == told["headline"]["equity"]
    assert found["value_at_risk", "0.95 1 historical", "value_at_risk"] == told["headline"]["value_at_risk_95"]
    assert found["limits", "rows/max_order_value", "room"] == "49700"
    assert found["stress", "hypothetical/all prices \u221210%/moves", "A/Q"] == "-0.1"
    assert found["value_at_risk", "0.95 10 historical", "value_at_risk"] == ""


def test_losses_are_drawn_as_long_as_they_are_large() -> None:
    drawn = draw_losses([("a", -0.4), ("b", -0.1), ("c", 0.2)])
    assert drawn is not None
    long, short, gain = drawn.bars
    assert (long.width, gain.up, short.up) == (4 * short.width, True, False)
    assert (long.number, gain.number) == ("\u221240.00%", "+20.00%")
    assert long.width + drawn.left < drawn.width
    assert draw_losses([]) is None
    assert draw_losses([("a", 0.0)]) is None
