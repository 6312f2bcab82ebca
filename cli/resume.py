"""`tradewind resume`: a person lifts halts, and lets execution reconcile the symbols that it halted itself."""

from typing import Annotated, Any

import typer

from adapters.exchange.clock import WallClock
from adapters.settings import Settings, load
from cli.operation import Book, By, Reason, Symbol, person, stated, store, symbols_of
from cli.output import as_json, out
from cli.verb import DataDir, Json, verb
from trading.errors import Misconfigured


@verb
def resume(
    reason: Reason,
    book: Book = None,
    symbol: Symbol = None,
    accept_venue: Annotated[
        bool, typer.Option("--accept-venue", help="The exchange is right about --symbol: book what differs.")
    ] = False,
    by: By = None,
    data_dir: DataDir = None,
    json_: Json = False,
) -> int:
    """Lift the halts of a book, or those of one symbol; symbols that execution halted are reconciled again.

    Without --symbol all halts of the book are lifted, those of its symbols
    too. With it a halt of the whole book stays in force, and is shown.
    """
    if accept_venue and symbol is None:
        raise Misconfigured("--accept-venue is said about one symbol: give --symbol too")
    settings = load(data_dir=data_dir, book=book)
    done = lift(settings, symbol, stated(reason), person(by), accept_venue=accept_venue)
    if json_:
        as_json(done)
    else:
        _show(done)
    return 0


def lift(settings: Settings, symbol: str | None, reason: str, actor: str, *, accept_venue: bool) -> dict[str, Any]:
    """Lift what is in force and return it, what is reconciled again, and what still stands.

    Raises:
        Misconfigured: there is no such book, or no such symbol in it.
        Unavailable: the database does not answer; all is as it was.
    """
    from adapters.store import audit, halt_files, halts

    book, now = settings.book, WallClock().now()
    files = halt_files.waiting(settings.data_dir.resolve(), book)
    with store(settings) as database, database.transaction() as connection:
        chosen, traded = symbols_of(connection, book, symbol), symbols_of(connection, book, None)
        for path in files:
            halt_files.add(connection, book, path, traded)
        lifted = halts.lift(connection, book, symbol, reason, actor)
        why = f"resumed by {actor}: {reason}"
        again = halts.reopen(connection, book, chosen, why, now, accept_venue=accept_venue)
        still = halts.in_force(connection, book)
        if lifted or again:
            about = {"lifted": [halt.halt_id for halt in lifted], "reconcile": again, "accept_venue": accept_venue}
            audit.record(connection, now, actor, "resumed", symbol or book, {"book": book, "reason": reason, **about})
    for path in files:
        path.unlink(missing_ok=True)
    said = {"book": book, "symbol": symbol, "reason": reason, "by": actor, "accept_venue": accept_venue}
    rows = {"lifted": [vars(halt) for halt in lifted], "still_halted": [vars(halt) for halt in still]}
    return said | rows | {"reconcile": again}


def _show(done: dict[str, Any]) -> None:
    for halt in done["lifted"]:
        _line(f"lifted {_worded(halt)}")
    for symbol in done["reconcile"]:
        _line(f"{symbol} was halted by execution; it is reconciled before it trades again")
    if not done["lifted"] and not done["reconcile"]:
        _line(f"nothing to lift in book {done['book']}" + (f" for {done['symbol']}" if done["symbol"] else ""))
    for halt in done["still_halted"]:
        _line(f"still in force: {_worded(halt)}", "yellow")


def _worded(halt: dict[str, Any]) -> str:
    return f"halt {halt['halt_id']} of {halt['symbol'] or 'the whole book'} by {halt['actor']}: {halt['reason']}"


def _line(text: str, style: str | None = None) -> None:
    out.print(text, markup=False, soft_wrap=True, style=style)
