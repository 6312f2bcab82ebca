"""`tradewind note`: what a person has to say about an order, kept for good and shown in the trade journal."""

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from adapters.exchange.clock import WallClock
from adapters.settings import load
from cli.operation import By, person
from cli.output import as_json, out
from cli.verb import DataDir, Json, verb
from trading.errors import Misconfigured

if TYPE_CHECKING:
    from adapters.store.database import Connection

Order = Annotated[str | None, typer.Argument(help="Client id of the order, or the beginning of it (default: list).")]
Text = Annotated[str | None, typer.Argument(help="The note; left out, the notes of the order are listed.")]
Book = Annotated[str | None, typer.Option("--book", help="The book (to list the newest, for one order any).")]

_LONGEST = 2000
#: Control characters that a note may have; with others it could steer a terminal.
_LINES = {"\n", "\t"}


@verb
def note(
    order: Order = None,
    text: Text = None,
    book: Book = None,
    by: By = None,
    data_dir: DataDir = None,
    json_: Json = False,
) -> int:
    """Write a note on an order, or list the notes of an order or a book.

    A note is never changed or deleted: a further one corrects it. The
    journal of a day shows it once reports/trade_journal is made again.
    """
    from adapters.store.database import Database
    from adapters.store.schema import require
    from cli.session.server import server

    said = None if text is None else written(text)
    author = person(by) if said is not None else ""
    with (
        server(load(data_dir=data_dir)) as url,
        Database(url, size=1) as database,
        database.transaction() as connection,
    ):
        require(connection, "ops.trade_notes")
        found = _list(connection, book, order) if said is None else _add(connection, book, order, author, said)
    if json_:
        as_json(found)
    elif said is None:
        _show(found["notes"])
    else:
        out.print(f"note {found['note_id']} on {found['client_id']}", markup=False, soft_wrap=True)
    return 0


def written(text: str) -> str:
    """Return the note as it is kept; Misconfigured when it says nothing or cannot be stored."""
    kept = text.strip()
    if not kept:
        raise Misconfigured("TEXT is empty: a note says something")
    if len(kept) > _LONGEST:
        raise Misconfigured(f"TEXT has {len(kept):,} characters; a note has at most {_LONGEST:,}")
    if not all(one.isprintable() or one in _LINES for one in kept):
        raise Misconfigured("TEXT has control characters or halves of characters; a note is plain text")
    return kept


def _add(connection: "Connection", book: str | None, order: str | None, author: str, note_: str) -> dict[str, Any]:
    from adapters.evidence.passports import named
    from adapters.store import books, trade_journal

    if book is not None:
        books.known(connection, book)
    client_id, at = named(connection, book, order or ""), WallClock().now()
    note_id = trade_journal.add_note(connection, client_id, author, note_, at)
    return {"note_id": note_id, "client_id": client_id, "at": at.isoformat(), "author": author, "note": note_}


def _list(connection: "Connection", book: str | None, order: str | None) -> dict[str, Any]:
    from adapters.evidence.passports import named
    from adapters.store import books, trade_journal

    if book is not None or order is None:
        book = books.chosen(connection, book)
    client_id = None if order is None else named(connection, book, order)
    rows = trade_journal.notes(connection, book, client_id)
    return {"book": book, "client_id": client_id, "notes": [{**row, "at": row["at"].isoformat()} for row in rows]}


def _show(notes: list[dict[str, Any]]) -> None:
    if not notes:
        out.print("no notes")
        return
    shown = Table()
    for name in ("note", "written (UTC)", "by", "order", "text"):
        shown.add_column(name, overflow="fold")
    for one in notes:
        at = f"{one['at'][:10]} {one['at'][11:16]}"
        shown.add_row(str(one["note_id"]), at, *(escape(one[name]) for name in ("author", "client_id", "note")))
    out.print(shown)
