"""`tradewind restrict`: assets and symbols that no book may take new risk in, by whom, why and until when."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from adapters.settings import load
from cli.data.stored import time_of
from cli.operation import By, Reason, person, stated
from cli.output import as_json, out
from cli.session.compliance import records
from cli.verb import DataDir, Json, app, verb_of

if TYPE_CHECKING:
    from adapters.store.restrictions import Restriction

group = typer.Typer(help="The restricted list: what no book may take new risk in; exits pass.")
app.add_typer(group, name="restrict", no_args_is_help=True)

Until = Annotated[
    str | None, typer.Option("--until", help="When it ends by itself, UTC, such as 2026-12-31 (default: when lifted).")
]


@verb_of(group)
def add(
    subject: Annotated[str, typer.Argument(metavar="ASSET|SYMBOL", help="BTC, or BTC/USDT alone.")],
    reason: Reason,
    until: Until = None,
    by: By = None,
    data_dir: DataDir = None,
    json_: Json = False,
) -> int:
    """Close the gates of an asset or a symbol in all books, those of later books too, at once."""
    from adapters.store import restrictions

    owner, why, end = person(by), stated(reason), time_of("--until", until)
    with records(load(data_dir=data_dir)) as connection:
        placed = restrictions.place(connection, subject, owner, why, end)
    if json_:
        as_json(asdict(placed))
    else:
        out.print(f"restriction {placed.restriction_id}: {_worded(placed)}", markup=False, soft_wrap=True)
    return 0


@verb_of(group)
def list_(
    all_: Annotated[bool, typer.Option("--all", help="Also those that were lifted or have expired.")] = False,
    data_dir: DataDir = None,
    json_: Json = False,
) -> int:
    """List the restrictions in force; what has expired opens its gates now."""
    from adapters.store import restrictions

    with records(load(data_dir=data_dir)) as connection:
        restrictions.enforce(connection)
        found = restrictions.find(connection, all_=all_)
    if json_:
        as_json({"restrictions": [asdict(one) for one in found]})
    elif not found:
        out.print("nothing is restricted")
    else:
        shown = Table(box=None, pad_edge=False)
        for name in ("id", "what", "in force"):
            shown.add_column(name, overflow="fold")
        for one in found:
            shown.add_row(str(one.restriction_id), escape(_worded(one)), "yes" if one.in_force else "no")
        out.print(shown)
    return 0


@verb_of(group)
def lift(
    number: Annotated[int, typer.Argument(metavar="ID", help="The restriction.", min=1)],
    reason: Reason,
    by: By = None,
    data_dir: DataDir = None,
    json_: Json = False,
) -> int:
    """End a restriction before its time; its gates open at once."""
    from adapters.store import restrictions

    actor, why = person(by), stated(reason)
    with records(load(data_dir=data_dir)) as connection:
        lifted = restrictions.lift(connection, number, actor, why)
    if json_:
        as_json({"restriction_id": number, "subject": lifted.subject, "reason": why, "by": actor})
    else:
        out.print(f"restriction {number} of {lifted.subject} is lifted", markup=False)
    return 0


def _worded(one: "Restriction") -> str:
    until = "" if one.expires_at is None else f" until {one.expires_at:%Y-%m-%d %H:%M}"
    return f"{one.subject} by {one.owner}{until}: {one.reason}"
