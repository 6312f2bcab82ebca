"""A report's page as a PDF beside it: the same page, set for A4 by its own print rules."""

import hashlib
import logging
import re
from pathlib import Path

from adapters.files import write_bytes_atomically
from trading.errors import Misconfigured

_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_AT_RULE = re.compile(r"@[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}")
_VALUES = re.compile(r":root\s*\{([^}]*)\}")
_USED = re.compile(r"var\(\s*(--[\w-]+)\s*\)")


def write_pdf(page: Path) -> Path:
    """Write the HTML `page` as PDF beside it, `.pdf` for `.html`, and return the PDF's path.

    Equal pages give equal bytes on a machine with the same fonts. Nothing is fetched from anywhere: a page is whole in
    itself. Takes about a second for the first page of a process and a second or two for each.

    Raises:
        Misconfigured: there is no such page, or WeasyPrint or a library it needs is missing: says what to install.
    """
    try:
        told = page.read_text(encoding="utf-8")
    except OSError as error:
        raise Misconfigured(f"no page {page}: {error.strerror}; materialise its report first") from None
    path = page.with_suffix(".pdf")
    write_bytes_atomically(path, pdf(told))
    return path


def pdf(page: str) -> bytes:
    """Return the HTML text `page` as PDF; Misconfigured where WeasyPrint or a library it needs is missing."""
    try:
        from weasyprint import HTML
        from weasyprint.urls import URLFetcher
    except ImportError:
        raise Misconfigured("WeasyPrint is missing: pip install 'tradewind[pdf]'") from None
    except OSError as error:
        raise Misconfigured(
            "WeasyPrint lacks a library of the system: apt-get install libpango-1.0-0 libpangoft2-1.0-0"
            f" libharfbuzz-subset0 ({str(error).splitlines()[0]})"
        ) from None
    # It warns of each rule that is for screens alone.
    logging.getLogger("weasyprint").setLevel(logging.ERROR)
    document = HTML(string=_with_styled_charts(page), url_fetcher=URLFetcher(allowed_protocols=()))
    made = document.write_pdf(pdf_identifier=hashlib.sha256(page.encode()).digest()[:16])
    assert made is not None  # noqa: S101
    return made


def _with_styled_charts(page: str) -> str:
    """Give every chart the rules of its page, with values for names: WeasyPrint draws each as a picture of its own."""
    rules = _AT_RULE.sub("", _COMMENT.sub("", "".join(_STYLE.findall(page))))
    values = dict(_pairs("".join(_VALUES.findall(rules))))
    style = _USED.sub(lambda used: values.get(used[1], used[0]), _VALUES.sub("", rules))
    return page.replace("</svg>", f"<style>{style}</style></svg>")


def _pairs(declarations: str) -> list[tuple[str, str]]:
    found = (line.partition(":") for line in declarations.split(";") if ":" in line)
    return [(name.strip(), value.strip()) for name, _, value in found]
