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

_ROUND_SECONDS = 1.0


def run(stop: Event) -> None:
    """Watch the book of the settings until `stop` is set."""
    settings = load()
    with Database(settings.required("database_url"), size=1, statement_timeout="10s") as database:
        with database.transaction() as connection:
            row = books.get(connection, settings.book)
        if row is None:
            raise Misconfigured(f"setting TRADEWIND_BOOK: table ops.books has no row {settings.book}")
        guard = Guard(database, settings.book, row["configuration"]["symbols"], mass_cancel(settings))
        while not stop.is_set():
            try:
                guard.turn(monotonic())
            except Unavailable as error:
                _log.warning("unavailable", why=str(error))
            stop.wait(_ROUND_SECONDS)


if __name__ == "__main__":
    main(run)
