"""`tradewind up`: everything running on a live market until it is told to stop."""

import contextlib
import threading
from collections.abc import Iterator
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from adapters.settings import load
from cli.output import as_json, note, out, progress, table
from cli.verb import DataDir, Json, verb
from services.supervisor.registry import Registry


@verb
def up(
    seed: Annotated[
        int | None, typer.Option(help="Seed of the market at the first start (7).", min=0, max=2**31 - 1)
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="Port of the Dagster UI; a free one when it is in use.", min=1, max=65535)
    ] = None,
    for_: Annotated[float | None, typer.Option("--for", help="Stop after so many seconds of running.", min=0)] = None,
    data_dir: DataDir = None,
    json_: Json = False,
) -> int:
    """Keep it all running: market, schedules, trading, the Dagster UI; Ctrl-C or SIGTERM stops it (exit code 130)."""
    settings = load(data_dir=data_dir)
    from cli.session.live import live

    with contextlib.ExitStack() as parts:
        with progress() as told:
            running = parts.enter_context(live(settings, seed, port, told))
        addresses = _addresses(running)
        if port is not None and urlsplit(addresses["dagster"]).port != port:
            note(f"--port {port} is in use; Dagster listens at {addresses['dagster']}")
        if json_:
            as_json(addresses)
        else:
            _show(addresses)
        with _stopping_after(for_) as stop:
            running.stack.supervisor.run(stop, note, also=lambda: running.stack.revive(note))
    return 0


def _addresses(live: Any) -> dict[str, Any]:
    settings = live.stack.settings
    return {
        "book": settings.book,
        "dagster": live.dagster,
        "database": without_password(settings.required("database_url")),
        "exchange": settings.required("venue_url"),
        "kafka": settings.required("kafka"),
        "data_dir": str(settings.data_dir),
        "processes": {name: who.pid for name, who in Registry(settings.data_dir).read()},
    }


def without_password(url: str) -> str:
    """Return a database URL that may be shown: its password, if it holds one, is masked."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    return parts._replace(netloc=parts.netloc.replace(f":{parts.password}@", ":***@")).geturl()


def _show(addresses: dict[str, Any]) -> None:
    rows = [
        ("Dagster UI", addresses["dagster"]),
        ("database", addresses["database"]),
        ("exchange (REST)", addresses["exchange"]),
        ("broker", addresses["kafka"]),
        ("logs", f"{addresses['data_dir']}/logs"),
    ]
    table(f"book {addresses['book']} is running", rows)
    out.print("\nCtrl-C stops it; the next `tradewind up` goes on where it stopped. Look in with `tradewind status`.")


@contextlib.contextmanager
def _stopping_after(seconds: float | None) -> Iterator[threading.Event]:
    """Yield an event that is set after `seconds`, or never."""
    stop = threading.Event()
    if seconds is None:
        yield stop
        return
    timer = threading.Timer(seconds, stop.set)
    timer.daemon = True
    timer.start()
    try:
        yield stop
    finally:
        timer.cancel()
