"""`tradewind models list`: the price models of a book, the state that each is in, and what it scored."""

from typing import Any

from rich.markup import escape
from rich.table import Table

from adapters.settings import load
from cli.models.book import PRICES, opened
from cli.models.group import group, wide
from cli.operation import Book
from cli.output import as_json, out
from cli.verb import DataDir, Json, verb_of


@verb_of(group)
def list_(book: Book = None, data_dir: DataDir = None, json_: Json = False) -> int:
    """List the price models of a book, the newest first, with state and scores out of sample."""
    from adapters.store import model_states, models

    with opened(load(data_dir=data_dir), book) as (database, name), database.transaction() as connection:
        standing = model_states.now(connection, name)
        rows = [_row(row, standing.get(row["model_id"])) for row in models.all_of(connection, PRICES, name)]
    if json_:
        as_json({"book": name, "models": rows})
        return 0
    grid = Table(
        "model", "kind", "state", "since", "trained to", "correlation", "skill", "why", box=None, pad_edge=False
    )
    for row in rows:
        numbers = (_number(row["information_coefficient"]), _number(row["rmse_skill_vs_zero"]))
        times = (f"{row[key]:%Y-%m-%d %H:%M}" if row[key] else "-" for key in ("since", "trained_to"))
        grid.add_row(row["model_id"][:12], row["kind"], row["state"], *times, *numbers, escape(row["why"] or "-"))
    out.print(f"[bold]price models of book {escape(name)}[/bold]")
    wide(grid)
    return 0


def _row(model: dict[str, Any], state: dict[str, Any] | None) -> dict[str, Any]:
    told = state or {"state": "candidate", "at": None, "who": None, "why": None}
    return {
        "model_id": model["model_id"],
        "kind": model["kind"],
        "state": told["state"],
        "since": told["at"],
        "by": told["who"],
        "why": told["why"],
        "trained_from": model["trained_from"],
        "trained_to": model["trained_to"],
        "features": len(model["features"]),
        "information_coefficient": model["scores"].get("information_coefficient"),
        "rmse_skill_vs_zero": model["scores"].get("rmse_skill_vs_zero"),
    }


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"
