"""The verbs of `tradewind models` and what they share."""

import typer
from rich.console import Console
from rich.table import Table

from cli.output import out
from cli.verb import app

group = typer.Typer(
    help="Models: honest scores, the registry, promotion by evidence, tuning, explanations.", no_args_is_help=True
)
app.add_typer(group, name="models")


def wide(grid: Table) -> None:
    """Print `grid` as wide as it is: a band broken over lines is no band."""
    Console(width=max(out.width, Console(width=1_000).measure(grid).maximum), highlight=False).print(grid)
