"""`tradewind report`: which pages tell of a day, as PDF or not, and what is no day, no book and no report."""

import json
from pathlib import Path
from typing import Any

import pytest

from cli.program import enter
from tests.integration.cli.test_json import assert_documented
from trading.errors import Misconfigured

NAMES = ("2024-03-01", "risk-2024-03-01", "2024-03-02", "12024-03-01", "tax-2024-us-fifo-usd", "tax-2023-us-fifo-usd")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TRADEWIND_DATA_DIR", str(tmp_path))
    book = tmp_path / "reports" / "one"
    book.mkdir(parents=True)
    for name in NAMES:
        (book / f"{name}.html").write_text(f"<h1>{name}</h1>")
    return book


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any]]:
    capsys.readouterr()
    code = enter(["report", *words, "--json"])
    return code, json.loads(capsys.readouterr().out.splitlines()[-1])


def test_the_pages_of_a_day_and_of_a_tax_year(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, told = said(capsys, "2024-03-01")
    assert (code, told["book"], told["pdf_files"]) == (0, "one", [])
    assert [Path(page).name for page in told["pages"]] == ["2024-03-01.html", "risk-2024-03-01.html"]
    assert_documented("report", told)
    _, taxes = said(capsys, "2024")
    assert [Path(page).name for page in taxes["pages"]] == ["tax-2024-us-fifo-usd.html"]
    assert not list(folder.glob("*.pdf"))


def test_each_page_becomes_a_pdf_beside_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from adapters.pdf import pdf

    try:
        pdf("<p>one</p>")
    except Misconfigured as lack:
        pytest.skip(str(lack))
    _, told = said(capsys, "2024-03-01", "--pdf")
    assert [Path(file).name for file in told["pdf_files"]] == ["2024-03-01.pdf", "risk-2024-03-01.pdf"]
    assert all(Path(file).read_bytes().startswith(b"%PDF-") for file in told["pdf_files"])
    assert len(list(folder.glob("*.pdf"))) == 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["yesterday"], "neither a day"),
        (["../2024-03-01"], "neither a day"),
        (["2024-03-09"], "has no report of 2024-03-09"),
        (["2024-03-01", "--book", "../one"], "book ../one has no reports: choose with --book among one"),
        (["2024-03-01", "--book", "two"], "choose with --book among one"),
    ],
)
def test_wrong_input_is_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    code, told = said(capsys, *words)
    assert (code, told["error"]) == (2, "Misconfigured")
    assert message in told["message"]


def test_of_several_books_one_is_chosen(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = folder.parent / "two"
    other.mkdir()
    (other / "2024-03-01.html").write_text("<h1>2</h1>")
    assert "there are 2 books: choose with --book among one, two" in said(capsys, "2024-03-01")[1]["message"]
    assert said(capsys, "2024-03-01", "--book", "two")[1]["book"] == "two"


def test_no_reports_at_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "holds no reports" in said(capsys, "2024-03-01", "--data-dir", str(tmp_path))[1]["message"]
