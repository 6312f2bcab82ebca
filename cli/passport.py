"""`tradewind passport`: why an order exists, down to the rows it rests on; every hash made anew. Read only."""

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from adapters.settings import load
from cli.output import as_json, note, out, progress
from cli.verb import DataDir, Json, verb
from trading.errors import Misconfigured

if TYPE_CHECKING:
    from adapters.evidence.marks import Mark
    from adapters.evidence.passport import Passport
    from adapters.evidence.passports import Examined, Flawed
    from adapters.store.database import Database

Order = Annotated[str | None, typer.Argument(help="Client id of the order, or the beginning of it.")]
All = Annotated[bool, typer.Option("--all", help="Check every order of the book; exit 1 when one has a flaw.")]
Book = Annotated[str | None, typer.Option("--book", help="The book (with --all the newest, for one order any).")]

#: Flawed orders that people are shown; the JSON lists all.
_TOLD = 20


@verb
def passport(
    order: Order = None, all_: All = False, book: Book = None, data_dir: DataDir = None, json_: Json = False
) -> int:
    """Show where an order comes from: signal, decision, features, model, bar, runs and message, with every hash.

    Each hash is made anew from what is stored. The exit code is 1 when one is
    missing or differs.
    """
    from adapters.store.database import Database
    from cli.session.server import server

    if all_ == (order is not None):
        raise Misconfigured("say either which ORDER, or --all")
    settings = load(data_dir=data_dir)
    with server(settings) as url, Database(url, size=2) as database:
        return _all(database, book, json_) if order is None else _one(database, book, order, json_)


def _one(database: "Database", book: str | None, beginning: str, json_: bool) -> int:
    from adapters.evidence import passport as passports
    from adapters.evidence.passports import named
    from adapters.store import books

    with database.transaction() as connection:
        if book is not None:
            books.chosen(connection, book)
        found = passports.passport(connection, named(connection, book, beginning), _learning(database))
    if json_:
        as_json(document(found))
    else:
        from cli.session.passport_page import page

        out.print(page(found))
    return 0 if found.sound else 1


def _all(database: "Database", book: str | None, json_: bool) -> int:
    from adapters.evidence.passports import examine
    from adapters.store import books

    with progress() as told, database.transaction() as connection:
        examined = examine(connection, books.chosen(connection, book), _learning(database), told)
    if json_:
        as_json(_object(examined))
    else:
        _show(examined)
    return 1 if examined.flawed else 0


def _learning(database: "Database"):
    from adapters.store.frames import Store
    from cli.session.learned import Learning

    return Learning(Store(database, "passport", ""))


def document(found: "Passport") -> dict[str, Any]:
    """Return the passport as one object."""
    return {
        "client_id": found.client_id,
        "ok": found.sound,
        **found.sections,
        "hashes": [_mark(mark) for mark in found.marks],
    }


def _mark(mark: "Mark") -> dict[str, Any]:
    told = {"kind": mark.kind, "verdict": mark.word, "stored": mark.stored, "recomputed": mark.recomputed}
    return {**told, "what": mark.what}


def _object(examined: "Examined") -> dict[str, Any]:
    return {
        "book": examined.book,
        "ok": not examined.flawed,
        "orders": examined.orders,
        "kinds": [{"kind": kind, **vars(counted)} for kind, counted in examined.kinds.items()],
        "flawed": [
            {
                "client_id": one.client_id,
                "strategy": one.strategy,
                "symbol": one.symbol,
                "hashes": [_mark(mark) for mark in one.marks],
            }
            for one in examined.flawed
        ],
    }


def _show(examined: "Examined") -> None:
    from adapters.evidence.marks import KINDS

    title = f"book {examined.book}: {examined.orders:,} orders"
    grid = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for column in ("kind", "what is compared", "checked", "missing", "not equal"):
        number = column in ("checked", "missing", "not equal")
        grid.add_column(column, justify="right" if number else "left", overflow="fold")
    for kind, counted in examined.kinds.items():
        style = "dim" if not counted.checked else "bold red" if counted.missing or counted.unequal else ""
        counts = (f"{number:,}" for number in (counted.checked, counted.missing, counted.unequal))
        grid.add_row(kind, escape(KINDS[kind]), *counts, style=style)
    out.print(grid)
    for flawed in examined.flawed[:_TOLD]:
        _tell(flawed)
    if len(examined.flawed) > _TOLD:
        note(f"{len(examined.flawed) - _TOLD:,} more orders: --json lists all of them")
    bad = len(examined.flawed)
    out.print(f"\n[bold red]{bad:,} of {examined.orders:,} orders have a flaw[/]" if bad else "\nevery hash recomputes")


def _tell(flawed: "Flawed") -> None:
    from cli.session.passport_page import short

    out.print(f"\n[red]{escape(flawed.client_id)}[/]  {escape(f'{flawed.strategy} {flawed.symbol}')}")
    for mark in flawed.marks:
        said = f": {mark.what}" if mark.what else ""
        between = f" ({short(mark.stored or '')} stored, {short(mark.recomputed or '')} found)"
        text = f"  {mark.kind} {mark.word}{said}{'' if mark.missing else between}"
        out.print(text, markup=False, emoji=False, soft_wrap=True)
