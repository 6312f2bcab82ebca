"""`tradewind cases`: what surveillance and screening have found, looked at and closed by people."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from adapters.settings import load
from cli.operation import By, Reason, person, stated
from cli.output import as_json, out, table
from cli.session.compliance import records
from cli.verb import DataDir, Json, app, verb_of

if TYPE_CHECKING:
    from adapters.store.cases import Case, Step

group = typer.Typer(help="Compliance cases: what was found, by whom it was looked at, why it was closed.")
app.add_typer(group, name="cases", no_args_is_help=True)

ACase = Annotated[str, typer.Argument(metavar="ID", help="The case.")]
OfBook = Annotated[str | None, typer.Option("--book", help="Of one book (default: of all).")]


@verb_of(group)
def list_(
    all_: Annotated[bool, typer.Option("--all", help="Also those that were closed.")] = False,
    book: OfBook = None,
    data_dir: DataDir = None,
    json_: Json = False,
) -> int:
    """List the cases that are not closed, oldest first."""
    from adapters.store import cases

    with records(load(data_dir=data_dir)) as connection:
        found = cases.find(connection, book, all_=all_)
    if json_:
        as_json({"cases": [asdict(case) for case in found]})
    else:
        _show_list(found, all_=all_)
    return 0


@verb_of(group)
def show(case_id: ACase, data_dir: DataDir = None, json_: Json = False) -> int:
    """Show one case: what was found, what proves it, and what people have said about it."""
    from adapters.store import cases

    with records(load(data_dir=data_dir)) as connection:
        case = cases.get(connection, case_id)
        steps = cases.history(connection, case_id)
    if json_:
        as_json({**asdict(case), "history": [asdict(step) for step in steps]})
    else:
        _show_case(case, steps)
    return 0


@verb_of(group)
def review(case_id: ACase, reason: Reason, by: By = None, data_dir: DataDir = None, json_: Json = False) -> int:
    """Note that you have looked at a case; it stays in force."""
    return _move("REVIEWED", case_id, reason, by, data_dir, json_)


@verb_of(group)
def close(case_id: ACase, reason: Reason, by: By = None, data_dir: DataDir = None, json_: Json = False) -> int:
    """Close a case for good; one of a screening no longer keeps its book from new risk."""
    return _move("CLOSED", case_id, reason, by, data_dir, json_)


def _move(state: str, case_id: str, reason: str, by: By, data_dir: DataDir, json_: bool) -> int:
    from adapters.store import cases
    from trading.compliance.case import CaseState

    actor, why = person(by), stated(reason)
    with records(load(data_dir=data_dir)) as connection:
        cases.move(connection, case_id, CaseState(state), actor, why)
    if json_:
        as_json({"case_id": case_id, "state": state, "reason": why, "by": actor})
    else:
        out.print(f"case {case_id} is {state}", markup=False)
    return 0


def _show_list(found: "list[Case]", *, all_: bool) -> None:
    if not found:
        out.print("no cases" if all_ else "no case is open (`--all` shows the closed ones)")
        return
    grid = Table(box=None, pad_edge=False)
    for name in ("id", "opened", "book", "rule", "state", "what"):
        grid.add_column(name, overflow="fold")
    for case in found:
        state = f"{case.state}, blocks" if case.blocking and case.state != "CLOSED" else case.state
        row = (case.case_id, f"{case.opened_at:%Y-%m-%d %H:%M}", case.book, case.rule, state, case.summary)
        grid.add_row(*(escape(cell) for cell in row))
    out.print(grid)


def _show_case(case: "Case", steps: "list[Step]") -> None:
    rows = [
        ("book", case.book),
        ("rule", case.rule),
        ("about", case.subject),
        ("found", case.summary),
        ("from", f"{case.first_ts:%Y-%m-%d %H:%M:%S}"),
        ("to", f"{case.last_ts:%Y-%m-%d %H:%M:%S}"),
        ("blocks", "the whole book, until it is closed" if case.blocking else "nothing"),
        *(("evidence", one) for one in case.evidence),
    ]
    table(f"case {case.case_id}", rows)
    for step in steps:
        out.print(f"{step.at:%Y-%m-%d %H:%M:%S}  {step.state} by {step.actor}: {step.reason}", markup=False)
