"""An answer to SQL as people read it: a table, or where the terminal is too narrow one line per value."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from adapters.store.answers import Answer, plain
from cli.output import out

#: Digits of a float that are shown; --json has them all.
_DIGITS = 10


def show(answer: Answer) -> None:
    """Print the rows; into a pipe as wide as they are, on a terminal no wider than it is."""
    if not answer.columns:
        out.print("done; the statement returns no rows")
        return
    grid = _grid(answer)
    wanted = Console(width=100_000).measure(grid).maximum
    if out.is_terminal and wanted > out.width and answer.rows:
        _show_records(answer)
    else:
        Console(width=max(wanted, 1)).print(grid)
    count = len(answer.rows)
    out.print(
        f"({count:,} {'row' if count == 1 else 'rows'}{', more were cut off' if answer.cut else ''})", style="dim"
    )


def _grid(answer: Answer) -> Table:
    grid = Table(box=None, pad_edge=False, header_style="bold")
    for number, name in enumerate(answer.columns):
        numbers = any(_is_number(row[number]) for row in answer.rows)
        grid.add_column(escape(name), justify="right" if numbers else "left", no_wrap=True)
    for row in answer.rows:
        grid.add_row(*(_cell(value) for value in row))
    return grid


def _show_records(answer: Answer) -> None:
    width = max(len(name) for name in answer.columns)
    for number, row in enumerate(answer.rows, start=1):
        out.print(f"row {number:,}", style="bold")
        for name, value in zip(answer.columns, row, strict=True):
            out.print(Text(f"  {name.ljust(width)}  ", style="dim") + _cell(value), soft_wrap=True)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _cell(value: Any) -> Text:
    """Return a value that no terminal obeys: headlines are written by strangers."""
    if value is None:
        return Text("null", style="dim")
    return Text("".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in _said(value)))


def _said(value: Any) -> str:
    match value:
        case datetime():
            return f"{value:%Y-%m-%d %H:%M:%S}" + (f".{value:%f}" if value.microsecond else "")
        case Decimal() if value.is_finite():
            text = format(value, "f")
            return text.rstrip("0").rstrip(".") if "." in text else text
        case float():
            return f"{value:.{_DIGITS}g}"
        case list():
            return ", ".join(_said(one) for one in value)
        case _:
            return str(plain(value))
