"""What the operator's verbs share: who asks and why, the database that runs, the book, the account at the exchange."""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from adapters.settings import Settings
from adapters.store.database import Connection, Database, reach
from trading.errors import Misconfigured, Unavailable

Book = Annotated[str | None, typer.Option(help="The book (TRADEWIND_BOOK, default local).")]
Symbol = Annotated[str | None, typer.Option(help="One symbol of it, such as BTC/USDT (default: the whole book).")]
Reason = Annotated[str, typer.Option(help="Why; it is kept with your name.")]
By = Annotated[str | None, typer.Option(help="Your name (default: the login name).")]

_LONGEST_NAME = 64
_LONGEST_REASON = 500
#: Names under which programs act: a person has another one.
_PROGRAMS = {"guard", "execution", "publisher", "tradewind"}


def person(by: str | None) -> str:
    """Return the name under which the operator acts; Misconfigured when there is none, or it cannot be one."""
    if by is None:
        try:
            by = getpass.getuser()
        except (OSError, KeyError):
            raise Misconfigured("nobody is logged in under a name: say who you are with --by") from None
    if not by.strip() or not by.isprintable() or "|" in by or len(by) > _LONGEST_NAME or by in _PROGRAMS:
        raise Misconfigured(f"--by {by!r} is not the name of a person (1 to {_LONGEST_NAME} letters, no |)")
    return by


def stated(reason: str) -> str:
    """Return the reason as it is kept; Misconfigured when it says nothing or cannot be stored."""
    if not reason.strip() or not reason.isprintable() or len(reason) > _LONGEST_REASON:
        raise Misconfigured(f"--reason {reason[:80]!r} is not a line of 1 to {_LONGEST_REASON} letters")
    return reason.strip()


@contextmanager
def store(settings: Settings, statement_timeout: str = "120s") -> Iterator[Database]:
    """Yield the database of the settings, or the local one when it runs; it is never started.

    Raises:
        Unavailable: it does not run or answer, or its schema is older than this program.
    """
    from adapters.store.schema import require
    from adapters.store.status import running_url

    given = settings.database_url
    url = given.get_secret_value() if given else running_url(settings.data_dir.resolve())
    if url is None:
        raise Unavailable(f"the database of {settings.data_dir} does not run; `tradewind up` starts it")
    reach(url)
    with Database(url, size=1, statement_timeout=statement_timeout) as database:
        with database.transaction() as connection:
            require(connection, "ops.dead_letter_replays")
        yield database


def symbols_of(connection: Connection, book: str, symbol: str | None) -> list[str]:
    """Return the symbols of `book`, or `symbol` alone; Misconfigured when there is no such book or symbol in it."""
    from adapters.store import books

    symbols = list(books.known(connection, book)["configuration"].get("symbols", ()))
    if symbol is None:
        return symbols
    if symbol not in symbols:
        raise Misconfigured(f"--symbol {symbol}: book {book} trades {', '.join(symbols)}")
    return [symbol]


def at_exchange(settings: Settings) -> Settings:
    """Return the settings with which the account of the book is reached: given ones, or those of a running session."""
    if settings.venue_url is not None or settings.mode != "local":
        return settings
    from cli.session.secrets import LocalSecrets
    from cli.session.simulator import read_addresses, settings_of

    data_dir = settings.data_dir.resolve()
    ready = data_dir / "simulator" / settings.book / "ready.json"
    try:
        addresses = read_addresses(ready)
    except (OSError, ValueError):
        raise Unavailable(f"the exchange of book {settings.book} was never started in {data_dir}") from None
    return settings.model_copy(update=settings_of(addresses, settings.book, LocalSecrets(data_dir)))
