"""`tradewind screen`: is an address or a name on a local list? Every question is kept, and a hit blocks."""

from decimal import Decimal
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from adapters.settings import load
from cli.operation import By, person
from cli.output import as_json, out
from cli.verb import DataDir, Json, verb
from trading.audit import plain
from trading.compliance.screening import Lists, Verdict, doubtful, screen
from trading.errors import Misconfigured

Subject = Annotated[str | None, typer.Argument(metavar="[ADDRESS|NAME]", help="What to look for on the lists.")]
ShowLists = Annotated[bool, typer.Option("--lists", help="Show the lists instead, each with its hash.")]
OfBook = Annotated[
    str | None, typer.Option("--book", help="It is a counterparty of this book: a hit keeps the book from new risk.")
]


@verb
def screen_(
    subject: Subject = None,
    lists: ShowLists = False,
    book: OfBook = None,
    by: By = None,
    data_dir: DataDir = None,
    json_: Json = False,
) -> int:
    """Look for an address or a name on the lists of TRADEWIND_SCREENING_LISTS; exit code 1 on a hit.

    Every answer is kept with the hash of the lists. With --book a hit opens
    a case, and the book takes no new risk until a person closes it; exits
    pass. A list that is missing, empty or torn is an error, never "clean".
    """
    from adapters.compliance import lists as stored

    if lists == (subject is not None):
        raise Misconfigured("say either which ADDRESS or NAME, or --lists")
    settings = load(data_dir=data_dir)
    known = stored.read(settings.screening_lists)
    if subject is None:
        return _lists(known, json_)
    from adapters.compliance.likeness import alike
    from adapters.store import books, screenings
    from cli.session.compliance import records

    verdict = screen(subject, known, Decimal(str(settings.screening_threshold)), alike)
    with records(settings) as connection:
        if book is not None:
            books.known(connection, book)
        case_id = screenings.add(connection, verdict, known, person(by), book)
    said = _told(verdict, book, case_id)
    if json_:
        as_json(said)
    else:
        _show(verdict, book, case_id)
    return 1 if verdict.hits else 0


def _told(verdict: Verdict, book: str | None, case_id: str | None) -> dict[str, Any]:
    found = plain(verdict)
    version = found.pop("version")
    return {**found, "hit": bool(verdict.hits), "doubts": list(doubtful(verdict)), "lists_version": version} | {
        "book": book,
        "case_id": case_id,
    }


def _show(verdict: Verdict, book: str | None, case_id: str | None) -> None:
    for doubt in doubtful(verdict):
        out.print(doubt, style="yellow", markup=False, soft_wrap=True)
    if not verdict.hits:
        text = f"no hit: {verdict.kind} {verdict.subject} is on no list (lists {verdict.version[:12]})"
        out.print(text, markup=False, soft_wrap=True)
        return
    out.print(f"HIT: {verdict.kind} {verdict.subject}", style="red", markup=False, soft_wrap=True)
    for hit in verdict.hits:
        text = f"  {hit.listed} ({hit.entry}), {hit.source} line {hit.line}, {hit.score:g} % alike"
        out.print(text, markup=False, soft_wrap=True)
    if case_id is not None:
        text = f"book {book} takes no new risk until case {case_id} is closed: `tradewind cases show {case_id}`"
        out.print(text, style="yellow", markup=False, soft_wrap=True)


def _lists(known: Lists, json_: bool) -> int:
    if json_:
        as_json({"lists": plain(known.files), "version": known.version})
        return 0
    grid = Table(box=None, pad_edge=False)
    for name in ("list", "kind", "entries", "SHA-256"):
        grid.add_column(name, overflow="fold", justify="right" if name == "entries" else "left")
    for file in known.files:
        grid.add_row(escape(file.name), file.kind, f"{file.entries:,}", file.sha256)
    out.print(grid)
    out.print(f"version {known.version}", markup=False, soft_wrap=True)
    return 0
