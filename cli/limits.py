"""`tradewind limits`: what holds, who changed it and why; a change is previewed, and loosening takes two people."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from adapters.exchange.clock import WallClock
from adapters.settings import Settings, load
from cli.limit_values import changed, wanted
from cli.operation import Book, By, Reason, person, stated
from cli.output import as_json, out, progress
from cli.session.server import server
from cli.verb import DataDir, Json, app, verb_of
from trading.errors import Misconfigured
from trading.limits import Limits
from trading.moment import moment

if TYPE_CHECKING:
    from adapters.store.database import Connection
    from adapters.store.limit_changes import Change

group = typer.Typer(help="Limits: what holds, and how it changes.", no_args_is_help=True)
app.add_typer(group, name="limits")

#: So many days of decisions are made again under the wanted limits before these hold.
_PREVIEW_DAYS = 30

Wanted = Annotated[list[str], typer.Argument(metavar="NAME=VALUE...", help="Limits such as max_position=0.5.")]
Until = Annotated[str | None, typer.Option(help="When it ends, UTC, such as 2026-12-24T18:00 (default: never).")]
Number = Annotated[int, typer.Argument(metavar="CHANGE", help="The number of the change.", min=1)]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only show what it would have done.")]


@verb_of(group)
def show(data_dir: DataDir = None, json_: Json = False) -> int:
    """Show the limits that hold now, and the changes that wait for a second person."""
    from adapters.store import limit_changes, parameters

    with _connected(load(data_dir=data_dir)) as connection:
        known = limit_changes.changes(connection)
        holding = limit_changes.in_force(known)
        _, limits = parameters.limits(connection)
    waiting = [change for change in known if change.state == "waiting"]
    if json_:
        as_json({"limits": _values(limits), "change": _row(holding), "waiting": [_row(each) for each in waiting]})
        return 0
    grid = Table("limit", "value", "what it is", box=None, pad_edge=False, padding=(0, 2))
    for name, field in Limits.model_fields.items():
        grid.add_row(name, _value(limits, name), field.description)
    out.print(grid)
    for change in (holding, *waiting):
        _tell(change)
    return 0


@verb_of(group)
def history(data_dir: DataDir = None, json_: Json = False) -> int:
    """List every change, the newest first: who wanted it and why, who agreed, and what became of it."""
    from adapters.store import limit_changes

    with _connected(load(data_dir=data_dir)) as connection:
        known = limit_changes.changes(connection)
    if json_:
        as_json({"changes": [_row(change) for change in known]})
        return 0
    for change in known:
        _tell(change)
    return 0


@verb_of(group)
def set_(
    limits: Wanted,
    reason: Reason,
    until: Until = None,
    dry_run: DryRun = False,
    by: By = None,
    book: Book = None,
    data_dir: DataDir = None,
    json_: Json = False,
) -> int:
    """Change limits, and see what that would have done to the decisions of the last 30 days.

    What tightens holds from the next decision on. What loosens a limit waits
    until a second person approves it: `tradewind limits approve`.
    """
    from adapters.store import limit_changes, parameters

    values, end, owner, why = wanted(limits, ""), _moment(until), person(by), stated(reason)
    with _connected(load(data_dir=data_dir)) as connection:
        _, before = parameters.limits(connection)
        after = changed(before, values, "")
        preview = _preview(connection, book, after)
        change = None
        if not dry_run:
            change = limit_changes.propose(connection, after, owner, why, WallClock().now(), end)
    if json_:
        as_json({"limits": _values(after), "preview": preview, "change": None if change is None else _row(change)})
        return 0
    _show_preview(preview)
    if change is None:
        out.print("nothing was changed (--dry-run)")
    else:
        _tell(change)
    return 0


@verb_of(group)
def approve(change: Number, reason: Reason, by: By = None, data_dir: DataDir = None, json_: Json = False) -> int:
    """Agree to a change that waits; it holds from the next decision on. Its owner cannot do this."""
    from adapters.store import limit_changes

    return _judge(limit_changes.approve, change, reason, by, load(data_dir=data_dir), json_=json_)


@verb_of(group)
def reject(change: Number, reason: Reason, by: By = None, data_dir: DataDir = None, json_: Json = False) -> int:
    """Turn down a change that waits, or take back your own."""
    from adapters.store import limit_changes

    return _judge(limit_changes.reject, change, reason, by, load(data_dir=data_dir), json_=json_)


@verb_of(group)
def end(change: Number, reason: Reason, by: By = None, data_dir: DataDir = None, json_: Json = False) -> int:
    """End a temporary change before its time; a second person has to, where that loosens a limit."""
    from adapters.store import limit_changes

    return _judge(limit_changes.end, change, reason, by, load(data_dir=data_dir), json_=json_)


def _judge(judge: Any, change: int, reason: str, by: str | None, settings: Settings, *, json_: bool) -> int:
    actor, why = person(by), stated(reason)
    with _connected(settings) as connection:
        judged = judge(connection, change, actor, why, WallClock().now())
    if json_:
        as_json({"change": _row(judged)})
    else:
        _tell(judged)
    return 0


@contextmanager
def _connected(settings: Settings) -> Iterator["Connection"]:
    """Yield one transaction at the server of the settings, or the local one for as long as it is needed."""
    from adapters.store.database import Database
    from adapters.store.schema import require

    with server(settings) as url, Database(url, size=1) as database, database.transaction() as connection:
        require(connection, "trading.limit_changes")
        yield connection


def _moment(said: str | None) -> datetime | None:
    if said is None:
        return None
    try:
        end = moment(said)
    except ValueError:
        raise Misconfigured(f"--until {said!r} is no time; write it as 2026-12-24T18:00") from None
    if end <= WallClock().now():
        raise Misconfigured(f"--until {said} is over already (times are UTC)")
    return end


def _preview(connection: "Connection", book: str | None, after: Limits) -> dict[str, Any] | None:
    """Return what `after` would have made of the newest decisions, each by itself; None where there are none."""
    from adapters.evidence.replayed import replay
    from adapters.store import books, decisions

    chosen = books.chosen(connection, book)
    newest = decisions.newest(connection, chosen)
    if newest is None:
        return None
    since = newest - timedelta(days=_PREVIEW_DAYS)
    with progress() as told:
        done = replay(connection, chosen, (since, None), lambda _: after, told)
    moves: dict[str, int] = {}
    for each in done.different:
        if each.before is not None and each.after is not None:
            move = f"{each.before.verdict} > {each.after.verdict}"
            moves[move] = moves.get(move, 0) + 1
    said = {"book": chosen, "since": since.isoformat(), "decisions": done.decisions}
    return {**said, "different": len(done.different), "cannot_be_made": len(done.broken), "moves": moves}


def _show_preview(preview: dict[str, Any] | None) -> None:
    if preview is None:
        out.print("no decision was made yet that could show what it does")
        return
    moves = ", ".join(f"{count:,} x {move}" for move, count in preview["moves"].items())
    out.print(
        f"of {preview['decisions']:,} decisions of {preview['book']} since {preview['since'][:10]},"
        f" {preview['different']:,} would have come out differently" + (f": {moves}" if moves else ""),
        markup=False,
        soft_wrap=True,
    )


def _tell(change: "Change") -> None:
    """Print one change in a line."""
    parts = [f"change {change.change_id} by {change.owner}, {change.proposed_at:%Y-%m-%d %H:%M}: {change.reason}"]
    if change.looser:
        parts.append(f"loosens {', '.join(change.looser)}")
    if change.approved_by:
        parts.append(f"approved by {change.approved_by}")
    if change.valid_until:
        parts.append(f"until {change.valid_until:%Y-%m-%d %H:%M} UTC")
    state = change.state
    if state == "waiting":
        state = f"waiting: somebody else says `tradewind limits approve {change.change_id} --reason ...`"
    style = {"in force": "green", "waiting": "yellow"}.get(change.state)
    out.print("; ".join([*parts, state]), markup=False, soft_wrap=True, style=style)


def _values(limits: Limits) -> dict[str, str]:
    return {name: _value(limits, name) for name in Limits.model_fields}


def _value(limits: Limits, name: str) -> str:
    value = getattr(limits, name)
    return ("; ".join(value) or "none") if isinstance(value, tuple) else str(value)


def _row(change: "Change") -> dict[str, Any]:
    return {**asdict(change), "looser": list(change.looser)}
