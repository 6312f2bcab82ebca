"""`tradewind audit`: whether the record of orders, fills, halts and decisions is still what was written."""

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from adapters.settings import Settings, load
from adapters.store import audit_chain
from adapters.store.anchors import Anchor, AnchorFile
from adapters.store.audit_chain import Checked, Event
from cli.output import as_json, out, progress
from cli.session.compliance import records
from cli.verb import DataDir, Json, app, verb_of
from trading.errors import BadData, Misconfigured

group = typer.Typer(help="The audit chain: verify it, export it.", no_args_is_help=True)
app.add_typer(group, name="audit")

Told = Callable[[str, int, int], None]
_TELL_EVERY = 10_000


@verb_of(group)
def verify(data_dir: DataDir = None, json_: Json = False) -> int:
    """Recompute the whole chain and compare it with the anchors outside the database; exit code 1 on any difference.

    What was edited, deleted, moved, cut off or rewritten is found, and the
    first bad row named. Rows behind the newest anchor, a minute old at most
    while the guard runs, are only proven to fit each other.
    """
    began = time.monotonic()
    with progress() as told:
        found = check(load(data_dir=data_dir), told)
    found["seconds"] = round(time.monotonic() - began, 3)
    if json_:
        as_json(found)
    else:
        _show(found)
    return 0 if found["ok"] else 1


@verb_of(group)
def export(
    file: Annotated[Path, typer.Argument(help="The file to write: one JSON object per row.")],
    data_dir: DataDir = None,
    json_: Json = False,
) -> int:
    """Write the whole chain to a file that must not exist yet, each field as it was hashed."""
    try:
        with records(load(data_dir=data_dir)) as connection, file.open("x", encoding="utf-8") as target:
            rows = 0
            for event in audit_chain.read(connection):
                target.write(json.dumps(event._asdict(), ensure_ascii=False) + "\n")
                rows += 1
            target.flush()
            os.fsync(target.fileno())
    except FileExistsError:
        raise Misconfigured(f"{file} is there already; name a file that is not") from None
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise Misconfigured(f"{file}: {error.strerror}") from None
    if json_:
        as_json({"file": str(file), "rows": rows})
    else:
        out.print(f"{rows:,} rows in {file}", markup=False, soft_wrap=True)
    return 0


def check(settings: Settings, told: Told) -> dict[str, Any]:
    """Return what the chain and its anchors tell; Unavailable when the database does not answer."""
    anchor_file = AnchorFile(settings.data_dir.resolve())
    anchors, problem = _anchors(anchor_file)
    with records(settings) as connection:
        head = audit_chain.newest(connection)
        events = _counted(audit_chain.read(connection), told, 0 if head is None else head[0])
        checked = audit_chain.verify(events, anchors)
    newest = max((anchor.seq for anchor in anchors), default=None)
    return _result(checked, problem) | {"anchored_to": newest, "anchor_file": str(anchor_file.path)}


def _anchors(file: AnchorFile) -> tuple[list[Anchor], str | None]:
    """Return the anchors and what is wrong with their file; a file that lies is not believed at all."""
    try:
        return file.read(), None
    except BadData as error:
        return [], f"anchors: {error}"


def _counted(events: Iterator[Event], told: Told, of: int) -> Iterator[Event]:
    for number, event in enumerate(events, start=1):
        if number % _TELL_EVERY == 0:
            told("audit rows", number, of)
        yield event


def _result(checked: Checked, problem: str | None) -> dict[str, Any]:
    flaw = checked.flaw
    return {
        "ok": flaw is None and problem is None,
        "rows": checked.rows,
        "anchors": checked.anchors,
        "first_bad_row": None if flaw is None else flaw.seq,
        "bad_since": None if flaw is None else flaw.since,
        "problem": "; ".join(part for part in (flaw.what if flaw else None, problem) if part) or None,
    }


def _show(found: dict[str, Any]) -> None:
    if found["problem"]:
        where = "" if found["first_bad_row"] is None else f"row {found['first_bad_row']}: "
        out.print(f"AUDIT CHAIN BROKEN  {where}{found['problem']}", markup=False, soft_wrap=True, style="red")
        if found["bad_since"] != found["first_bad_row"]:
            text = f"rows {found['bad_since']} to {found['first_bad_row']} may all be made anew: no anchor lies between"
            out.print(text, markup=False, soft_wrap=True)
        out.print(f"{found['rows']:,} rows before it are sound", markup=False)
        return
    out.print(f"audit chain sound: {found['rows']:,} rows in {found['seconds']:.1f} s", markup=False)
    if found["anchored_to"] is None:
        out.print("no anchors: a cut tail or a rewrite with new hashes would not show", style="yellow")
        return
    behind = found["rows"] - found["anchored_to"]
    text = f"{found['anchors']:,} anchors hold, the newest of row {found['anchored_to']} ({behind:,} rows behind it)"
    out.print(text, markup=False, soft_wrap=True)
