"""`tradewind report`: the reports of a day or of a tax year, as pages and, if wanted, as PDF."""

import re
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from adapters.settings import Settings, load
from cli.output import as_json, out
from cli.verb import DataDir, Json, verb
from trading.errors import Misconfigured

Of = Annotated[str, typer.Argument(metavar="DAY", help="A day such as 2025-12-31, or the year of a tax report.")]
Pdf = Annotated[bool, typer.Option("--pdf", help="Write each page as PDF beside it (a second or two each).")]
Book = Annotated[str | None, typer.Option(help="The book (TRADEWIND_BOOK, or the only one that has reports).")]

_DAY, _YEAR = re.compile(r"\d{4}-\d{2}-\d{2}"), re.compile(r"\d{4}")


@verb
def report(of: Of, pdf: Pdf = False, book: Book = None, data_dir: DataDir = None, json_: Json = False) -> int:
    """Say where the reports of a day lie, and write them as PDF with --pdf."""
    if not _DAY.fullmatch(of) and not _YEAR.fullmatch(of):
        raise Misconfigured(f"{of!r} is neither a day such as 2025-12-31 nor a year such as 2025")
    settings = load(data_dir=data_dir)
    folder = _folder(settings, book)
    pages = [page for page in sorted(folder.glob("*.html")) if _tells(page.stem, of)]
    if not pages:
        raise Misconfigured(f"{folder} has no report of {of}: materialise the job daily for it, or `tradewind tax`")
    files = _as_pdf(pages) if pdf else []
    if json_:
        as_json(
            {
                "book": folder.name,
                "of": of,
                "pages": [str(page) for page in pages],
                "pdf_files": [str(file) for file in files],
            }
        )
    else:
        for path in files or pages:
            out.print(escape(str(path)), soft_wrap=True)
    return 0


def _folder(settings: Settings, book: str | None) -> Path:
    """Return the folder of the book that is asked for: by name, by the settings, or the only one there is."""
    reports = settings.data_dir.resolve() / "reports"
    known = sorted(path.name for path in reports.iterdir() if path.is_dir()) if reports.is_dir() else []
    if not known:
        raise Misconfigured(f"{reports} holds no reports: `tradewind run` writes them, or choose another --data-dir")
    chosen = book or (settings.book if settings.book in known else known[0] if len(known) == 1 else None)
    if chosen not in known:
        said = f"book {book} has no reports" if book else f"there are {len(known)} books"
        raise Misconfigured(f"{said}: choose with --book among {', '.join(known)}")
    return reports / chosen


def _tells(stem: str, of: str) -> bool:
    """Return whether a page of this name tells of the day, as `2025-12-31` or `risk-2025-12-31`, or of the tax year."""
    if _YEAR.fullmatch(of):
        return stem.startswith(f"tax-{of}-")
    return stem == of or stem.endswith(f"-{of}")


def _as_pdf(pages: list[Path]) -> list[Path]:
    from adapters.pdf import write_pdf

    return [write_pdf(page) for page in pages]
