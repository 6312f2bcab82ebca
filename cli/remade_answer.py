"""What came of computing rows again, for programs and for people."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table

from cli.output import out

if TYPE_CHECKING:
    from cli.session.remade import Remade

#: Rows that are shown to people; the JSON lists them all.
_SHOWN = 5


def as_object(one: "Remade") -> dict[str, Any]:
    """Return an entry of the field `remade` of the verb's JSON."""
    counts = {"table": one.table, "rows": one.rows, "equal": one.rows - len(one.different)}
    hashes = {"stored_hash": one.stored_hash, "remade_hash": one.remade_hash}
    return {**counts, **hashes, "different": [{"why": None, **row} for row in one.different]}


def show(stages: "Sequence[Remade]") -> None:
    """Print a line per table, and the first rows that differ."""
    if not stages:
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("made again", "rows", "different", "as stored", "as it comes out"):
        table.add_column(heading, justify="right" if heading in ("rows", "different") else "left")
    for one in stages:
        style = "bold red" if one.different else "green"
        marks = (one.stored_hash[:12], one.remade_hash[:12])
        table.add_row(one.table, f"{one.rows:,}", f"[{style}]{len(one.different):,}[/]", *marks)
    out.print(table)
    for one in stages:
        for row in one.different[:_SHOWN]:
            what = row.get("why") or ", ".join(row["columns"])
            out.print(f"  {one.table}  {row['symbol']}  {row['ts']:%Y-%m-%d %H:%M}  {escape(what)}", soft_wrap=True)
        if len(one.different) > _SHOWN:
            out.print(f"  ... and {len(one.different) - _SHOWN:,} more of {one.table}; --json lists them all")
    out.print()
