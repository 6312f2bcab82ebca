"""The pages of attribution and trade journal: escaped, whole in themselves, tables without formulas."""

import csv
import io
import re

from adapters import attribution_page, journal_page
from tests.unit.trading.reports import test_attribution, test_trade_journal


def test_an_attribution_shows_both_waterfalls_and_every_digit() -> None:
    told = test_attribution.told()
    page = attribution_page.page({**told, "document_hash": "abc"})
    assert page.count('<svg class="fall"') == 2
    assert f'title="{told["total"]["day"]["total"]}"' in page
    assert "a &lt;question&gt;" in page
    assert "<script" not in page
    assert "http" not in page
    assert page == attribution_page.page({**told, "document_hash": "abc"})


def test_fills_as_csv_are_exact() -> None:
    told = test_attribution.told()
    lines = list(csv.DictReader(io.StringIO(attribution_page.fills_csv(told))))
    assert [line["timing"] for line in lines] == [row["timing"] for row in told["fills"]]


def test_a_journal_escapes_what_people_wrote_and_draws_no_remainder() -> None:
    told = test_trade_journal.told()
    page = journal_page.page({**told, "document_hash": "abc"})
    assert "=1+1 &lt;script&gt;x&lt;/script&gt;" in page
    assert "&lt;b&gt;rise&lt;/b&gt;" in page
    assert "<script" not in page
    assert "<b>rise" not in page
    assert page.count('<svg class="span"') == 1
    assert "tradewind passport in" in page
    assert "Left over from sales" in page


def test_worst_result_and_best_lie_on_one_scale() -> None:
    told = test_trade_journal.told()
    (span,) = re.findall(r'<svg class="span".*?</svg>', journal_page.page({**told, "document_hash": ""}))
    # 112 px for -10 % to +2.5 %: the result of -6 % lies at 4 + 112 * 4 / 12.5.
    assert 'cx="39.8"' in span
    assert 'x1="4.0" x2="93.6"' in span


def test_a_note_in_a_table_is_no_formula() -> None:
    told = test_trade_journal.told()
    (first, held) = csv.DictReader(io.StringIO(journal_page.entries_csv(told)))
    assert first["notes"] == "ann: =1+1 <script>x</script>"
    assert first["pnl"] == "-12"
    assert held["closed"] == ""
    told["closed"][0]["notes"][0]["author"] = "=cmd"
    (first, _) = csv.DictReader(io.StringIO(journal_page.entries_csv(told)))
    assert first["notes"].startswith("'=cmd")
