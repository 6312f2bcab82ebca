"""What a verb prints: people read tables and one-line errors, programs read one JSON object as the last line."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def as_json(value: dict[str, Any]) -> None:
    """Print `value` as one line of JSON; amounts are texts already."""
    sys.stdout.write(json.dumps(value, default=str, separators=(", ", ": ")) + "\n")
    sys.stdout.flush()


def note(text: str) -> None:
    """Say something by the way, on stderr."""
    err.print(f"[dim]·[/dim] {escape(text)}", soft_wrap=True)


def table(title: str, rows: list[tuple[str, str]]) -> None:
    """Print names and values, values on the right."""
    out.print(f"[bold]{title}[/bold]")
    grid = Table(show_header=False, box=None, pad_edge=False, padding=(0, 2))
    grid.add_column(style="dim")
    grid.add_column(justify="right", overflow="fold")
    for name, value in rows:
        grid.add_row(f"  {escape(name)}", escape(value))
    out.print(grid)
    out.print()


@contextmanager
def progress() -> Iterator[Callable[[str, int, int], None]]:
    """Yield told(phase, done, of): one bar per phase on a terminal, silence in a pipe."""
    if not err.is_terminal:
        yield lambda _phase, _done, _of: None
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err) as bars:
        tasks: dict[str, Any] = {}

        def told(phase: str, done: int, of: int) -> None:
            if phase not in tasks:
                tasks[phase] = bars.add_task(phase, total=of)
            bars.update(tasks[phase], completed=done)

        yield told
