"""`tradewind status`: what runs and what is stored, read only; it starts nothing."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.markup import escape
from rich.table import Table

from adapters.settings import Settings, load
from cli.output import as_json, out, table
from cli.verb import DataDir, Json, verb
from trading.errors import Unavailable

#: What is shown of each question, in this order; sections without rows are left out.
_SECTIONS = (
    ("books", "books", ("book", "status", "venue", "timeframe", "next_step", "steps", "orders", "fills", "equity")),
    ("services", "heartbeats", ("service", "book", "pid", "age_seconds")),
    ("bars", "newest bars", ("venue", "symbol", "timeframe", "newest", "age_seconds", "rows")),
    ("gates_closed", "gates closed", ("book", "symbol", "check_name", "detail")),
    ("symbols_not_open", "symbols that do not trade", ("book", "symbol", "state", "reason")),
    ("halts", "halts", ("book", "symbol", "actor", "reason", "at")),
    ("alarms", "last alarms", ("at", "actor", "kind", "ref")),
    ("positions", "positions", ("book", "strategy", "symbol", "quantity", "currency")),
    ("open_orders", "open orders", ("book", "symbol", "strategy", "leg", "side", "quantity", "stop_price", "state")),
    ("unknown_orders", "orders whose fate is unknown", ("book", "symbol", "client_id", "sent_at")),
    ("reports", "last reports", ("book", "day", "path")),
)


@verb
def status(data_dir: DataDir = None, json_: Json = False) -> int:
    """Show what runs, how fresh the data are, what is halted, open and held."""
    found = collect(load(data_dir=data_dir))
    if json_:
        as_json(found)
    else:
        _show(found)
    return 0


def collect(settings: Settings) -> dict[str, Any]:
    """Return `processes`, `database` (running or not, and why) and, where it answers, all that its tables tell."""
    from adapters.store import status as stored
    from adapters.store.database import reach

    data_dir = settings.data_dir.resolve()
    found: dict[str, Any] = {"data_dir": str(data_dir), "processes": _processes(data_dir)}
    url = settings.database_url.get_secret_value() if settings.database_url else stored.running_url(data_dir)
    if url is None:
        return found | {"database": "not running", **_on_disk(data_dir)}
    try:
        reach(url)
        answers = stored.read(url)
    except Unavailable as error:
        return found | {"database": f"does not answer: {error}", **_on_disk(data_dir)}
    return found | {"database": answers.pop("server"), **answers}


def _processes(data_dir: Path) -> list[dict[str, Any]]:
    from services.supervisor.registry import Registry

    return [{"name": name, "pid": who.pid, "alive": who.alive} for name, who in Registry(data_dir).read()]


def _on_disk(data_dir: Path) -> dict[str, Any]:
    """Return what can be said without a database: the reports that lie in the data folder."""
    reports = sorted(data_dir.glob("reports/**/*.html"), key=lambda path: path.stat().st_mtime)
    return {"reports_on_disk": [str(path) for path in reports[-5:]]}


def _show(found: dict[str, Any]) -> None:
    living = [row for row in found["processes"] if row["alive"]]
    processes = ", ".join(f"{row['name']} ({row['pid']})" for row in living) or "none"
    table("tradewind", [("data", found["data_dir"]), ("database", found["database"]), ("processes", processes)])
    for key, title, columns in _SECTIONS:
        if found.get(key):
            _grid(title, columns, found[key])
    if found.get("rows"):
        out.print()
        table("rows", [(name, f"{count:,}") for name, count in found["rows"].items() if count])
    for path in found.get("reports_on_disk", []):
        out.print(f"report  {escape(path)}", soft_wrap=True)
    if not living:
        out.print("\nNothing runs. `tradewind up` starts everything, `tradewind run` makes the trip once.")


def _grid(title: str, columns: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
    grid = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for column in columns:
        grid.add_column(column.replace("_", " "), overflow="fold")
    for row in rows:
        grid.add_row(*(escape(_cell(row[column])) for column in columns))
    out.print()
    out.print(grid)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:%Y-%m-%d %H:%M:%S}" if isinstance(value, datetime) else str(value)
