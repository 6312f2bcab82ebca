"""`tradewind data hold | holds | release`: rows that must be kept whatever the retention policies say."""

from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from adapters.exchange.clock import WallClock
from adapters.settings import load
from adapters.store import holds as stored
from adapters.store.holds import Hold
from cli.data.group import group
from cli.data.stored import ASymbol, AVenue, End, Start, time_of
from cli.operation import By, Reason, person, stated, store
from cli.output import as_json, out
from cli.verb import DataDir, Json, verb_of

ATable = Annotated[str | None, typer.Option("--table", help="One table, such as market.candles (default: all).")]
Number = Annotated[int, typer.Argument(metavar="ID", help="The hold.", min=1)]


@verb_of(group)
def hold(
    reason: Reason,
    table: ATable = None,
    venue: AVenue = None,
    symbol: ASymbol = None,
    start: Start = None,
    end: End = None,
    by: By = None,
    data_dir: DataDir = None,
    json_: Json = False,
) -> int:
    """Keep rows where they are: no policy and nobody else can delete them until the hold is released.

    Rows that were archived before stay in their files, which never expire.
    """
    since, until = time_of("--start", start), time_of("--end", end)
    wanted, actor = Hold(0, table, venue, symbol, since, until, stated(reason)), person(by)
    with store(load(data_dir=data_dir)) as database, database.transaction() as connection:
        placed = stored.place(connection, wanted, actor, WallClock().now())
    if json_:
        as_json(asdict(placed) | {"by": actor})
    else:
        out.print(f"hold {placed.hold_id} keeps {_what(placed)}", markup=False, soft_wrap=True)
    return 0


@verb_of(group)
def holds(data_dir: DataDir = None, json_: Json = False) -> int:
    """List the legal holds that are in force."""
    with store(load(data_dir=data_dir)) as database, database.transaction() as connection:
        found = stored.active(connection)
    if json_:
        as_json({"holds": [asdict(one) for one in found]})
    elif not found:
        out.print("no row is under a legal hold")
    else:
        shown = Table("hold", "what", "why")
        for one in found:
            shown.add_row(str(one.hold_id), escape(_what(one)), escape(one.reason))
        out.print(shown)
    return 0


@verb_of(group)
def release(number: Number, reason: Reason, by: By = None, data_dir: DataDir = None, json_: Json = False) -> int:
    """End a legal hold: its rows go when the policies say so."""
    why, actor = stated(reason), person(by)
    with store(load(data_dir=data_dir)) as database, database.transaction() as connection:
        stored.release(connection, number, why, actor, WallClock().now())
    said: dict[str, Any] = {"hold_id": number, "reason": why, "by": actor}
    if json_:
        as_json(said)
    else:
        out.print(f"hold {number} is released", markup=False)
    return 0


def _what(one: Hold) -> str:
    """Return in words which rows are held."""
    which = " ".join(part for part in (one.venue, one.symbol) if part) or "all venues and symbols"
    span = f" from {one.since:%Y-%m-%d %H:%M}" if one.since else ""
    span += f" to {one.until:%Y-%m-%d %H:%M}" if one.until else ""
    return f"{one.table or 'every table'}: {which}{span}"
