"""The guard process: `python -m services.guard.main`, configured by the environment."""

from threading import Event
from time import monotonic

import structlog

from adapters.compose import mass_cancel
from adapters.settings import load
from adapters.store import books
from adapters.store.database import Database
from services.guard.guard import Guard
from services.process import main
from trading.errors import Misconfigured, Unavailable

_log = structlog.get_logger()

#: A halt is seen after this time at most.
ROUND_SECONDS = 0.5


def run(stop: Event) -> None:
    """Watch the book of the settings until `stop` is set."""
    settings = load()
    with Database(settings.required("database_url"), size=1, statement_timeout="10s") as database:
        with database.transaction() as connection:
            row = books.get(connection, settings.book)
        if row is None:
            raise Misconfigured(f"setting TRADEWIND_BOOK: table ops.books has no row {settings.book}")
        symbols = row["configuration"]["symbols"]
        guard = Guard(database, settings.book, symbols, mass_cancel(settings), settings.data_dir)
        while not stop.is_set():
            try:
                guard.turn(monotonic())
            except Unavailable as error:
                _log.warning("unavailable", why=str(error))
            stop.wait(ROUND_SECONDS)
        _last_anchor(guard)


def _last_anchor(guard: Guard) -> None:
    guard.anchoring.ask()
    try:
        guard.anchoring.turn(monotonic())
    except Unavailable as error:
        _log.warning("no_last_anchor", why=str(error))


if __name__ == "__main__":
    main(run)
