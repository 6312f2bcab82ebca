"""What every verb of `tradewind` shares: errors in one line, exit codes, JSON."""

import errno
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.output import as_json, err
from services.process import exit_code, interruptible
from trading.errors import Interrupted, Misconfigured, TradewindError, Unavailable

app = typer.Typer(
    name="tradewind",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def _group() -> None:
    """From candles to features, forecasts, signals, orders and a ledger that ties."""


_FULL = (errno.ENOSPC, errno.EDQUOT)
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")]
DataDir = Annotated[
    Path | None, typer.Option("--data-dir", help="Folder of all local state (TRADEWIND_DATA_DIR, default .tradewind).")
]


def verb(function: Callable[..., int]) -> Callable[..., None]:
    """Turn a function that returns an exit code into a verb whose errors are one line, or one JSON object."""
    return verb_of(app)(function)


def verb_of(group: typer.Typer) -> Callable[[Callable[..., int]], Callable[..., None]]:
    """Return what makes verbs of `group` of functions; a function `list_` becomes the verb `list`."""

    def add(function: Callable[..., int]) -> Callable[..., None]:
        guarded = _guarded(function)
        group.command(function.__name__.rstrip("_").replace("_", "-"))(guarded)
        return guarded

    return add


def _guarded(function: Callable[..., int]) -> Callable[..., None]:
    @wraps(function)
    def guarded(**options: Any) -> None:
        try:
            with interruptible():
                code = function(**options)
        except BaseException as error:  # Dagster wraps what stopped it
            cause = _cause(error)
            if cause is None:
                raise
            code = explain(cause, as_object=bool(options.get("json_")))
        raise typer.Exit(code)

    return guarded


def explain(error: BaseException, *, as_object: bool) -> int:
    """Say what went wrong in one line on stderr, with `as_object` as JSON too; return the exit code."""
    known = error if isinstance(error, TradewindError) else Interrupted("interrupted")
    code = exit_code(known)
    message = str(known)
    if isinstance(known, Interrupted):
        message += "; the same command goes on where it stopped"
    if as_object:
        as_json({"error": type(known).__name__, "message": message, "exit_code": code})
    err.print(f"tradewind: {message}", style="red" if code != 130 else "yellow", markup=False, soft_wrap=True)
    return code


def _cause(error: BaseException) -> BaseException | None:
    """Return the error of ours, or the interruption, that another exception only wraps."""
    seen: BaseException | None = error
    met: set[int] = set()
    while seen is not None and id(seen) not in met:
        met.add(id(seen))
        if isinstance(seen, TradewindError | KeyboardInterrupt):
            return seen
        if isinstance(seen, OSError) and seen.errno in _FULL:
            return Misconfigured(
                f"no space left on the disk of {seen.filename or 'the data folder'};"
                " free some, or choose another --data-dir"
            )
        if isinstance(seen, OSError) and seen.errno in _FORBIDDEN:
            return Misconfigured(f"{seen.filename}: {seen.strerror}; choose another --data-dir, or change its owner")
        if type(seen).__name__ == "OperationalError":
            # psycopg's, psycopg2's or SQLAlchemy's: Dagster keeps its own connections to the same server.
            return Unavailable(f"database (TRADEWIND_DATABASE_URL): {str(seen).strip().splitlines()[0]}")
        seen = seen.__cause__ or seen.__context__
    return None
