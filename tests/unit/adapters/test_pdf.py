"""A page as PDF: the same bytes for the same page, charts in the page's colours, nothing fetched, a lack said."""

import builtins
import os
import re
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import pytest

from adapters import risk_page
from adapters.pdf import pdf, write_pdf
from tests.unit.trading.reports.test_risk_report import facts
from trading.audit import digest, plain
from trading.errors import Misconfigured
from trading.reports.risk_report import document

PAGE = (
    "<!doctype html><html lang=en><head><title>t</title><style>:root { --c: #ff0000; } .bar { fill: var(--c); }"
    " @media print { .bar { stroke: none; } }</style></head><body><h1>One</h1>"
    '<svg viewBox="0 0 9 9" width="9"><rect class="bar" width="9" height="9"/></svg></body></html>'
)


@pytest.fixture(autouse=True)
def drawn() -> None:
    try:
        pdf("<p>one</p>")
    except Misconfigured as lack:
        pytest.skip(str(lack))


def streams(made: bytes) -> bytes:
    """Return all that the file has compressed."""
    found = b""
    for packed in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", made, re.DOTALL):
        try:
            found += zlib.decompress(packed)
        except zlib.error:
            found += packed
    return found


def test_equal_pages_give_equal_bytes_in_any_process(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(PAGE)
    code = "import sys; from pathlib import Path; from adapters.pdf import write_pdf; write_pdf(Path(sys.argv[1]))"
    made: list[bytes] = []
    for number in ("1", "2"):
        subprocess.run(
            [sys.executable, "-c", code, str(page)], check=True, env={**os.environ, "PYTHONHASHSEED": number}
        )
        made.append(page.with_suffix(".pdf").read_bytes())
    assert made[0] == made[1]
    assert made[0].startswith(b"%PDF-")
    assert b"CreationDate" not in made[0]
    assert pdf(PAGE) == made[0]
    assert pdf(PAGE.replace("One", "Two")) != made[0]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["page.html", "page.pdf"]


def test_charts_have_the_colours_of_their_page() -> None:
    assert b"1 0 0 rg" in streams(pdf(PAGE))


def test_a_report_with_tables_over_pages_is_set_whole() -> None:
    told = plain(document(facts()))
    page = risk_page.page({**told, "document_hash": digest(told)})
    table = page[page.index('<div class="scroll">') : page.index("<tbody>")]
    # As a tax report has them: a body for each disposal.
    rows = "<tbody><tr><td>1</td></tr></tbody>" * 150 + "<tfoot><tr><td>all</td></tr></tfoot></table></div>"
    made = pdf(page.replace("<footer", (table + rows) * 3 + "<footer"))
    assert len(re.findall(rb"/Type /Page\b", made + streams(made))) > 6


def test_nothing_is_fetched(tmp_path: Path) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    dot = tmp_path / "dot.png"
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
    dot.write_bytes(b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0\1\2\3")) + chunk(b"IEND", b""))
    made = pdf(PAGE.replace("<h1>", f'<img src="{dot.as_uri()}"><img src="http://127.0.0.1:9/x.png"><h1>'))
    assert b"/Image" not in made + streams(made)


def test_a_missing_page_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"no page .*gone\.html: No such file"):
        write_pdf(tmp_path / "gone.html")


@pytest.mark.parametrize(
    ("lack", "said"),
    [
        (ImportError("x"), r"pip install 'tradewind\[pdf\]'"),
        (OSError("cannot load library 'libpango-1.0-0'\nmore"), r"apt-get install libpango.*'libpango-1\.0-0'\)$"),
    ],
)
def test_a_lack_says_what_to_install(
    lack: Exception, said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name.startswith("weasyprint"):
            raise lack
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    page = tmp_path / "page.html"
    page.write_text(PAGE)
    with pytest.raises(Misconfigured, match=said):
        write_pdf(page)
    assert not page.with_suffix(".pdf").exists()


def test_it_is_loaded_only_when_it_is_used() -> None:
    code = "import adapters.pdf, assets.reports.risk_report, sys; sys.exit('weasyprint' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
