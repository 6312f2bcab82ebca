"""`tradewind indicators`: the features there are, and whether a file of one's own may join them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from adapters import indicator_files
from adapters.settings import load
from cli.output import as_json, out
from cli.verb import DataDir, Json, app, verb_of

if TYPE_CHECKING:
    from adapters.indicator_files import Declared

group = typer.Typer(no_args_is_help=True, help="The features there are; try a file of your own.")
app.add_typer(group, name="indicators")
verb = verb_of(group)

File = Annotated[Path, typer.Argument(help="A file of custom indicators (.py) or of combinations (.toml).")]
Cuts = Annotated[int, typer.Option(help="At how many times history is cut to look for a look ahead.", min=1, max=2000)]


@verb
def list_(data_dir: DataDir = None, json_: Json = False) -> int:
    """List all features by family: built in, combinations, and custom ones of TRADEWIND_INDICATORS."""
    from trading.indicators.registry import families

    settings = load(data_dir=data_dir)
    chosen = indicator_files.together(settings.indicators)
    known = families(chosen.combinations, chosen.indicators)
    if json_:
        told = [{"family": one.name, "columns": list(one.columns), "warm_up": one.warm_up} for one in known]
        as_json({"families": told, "about": _about(chosen)})
        return 0
    grid = Table(box=None, pad_edge=False)
    grid.add_column("family", no_wrap=True)
    grid.add_column("warm-up, bars", justify="right")
    grid.add_column("columns", overflow="fold")
    for one in known:
        grid.add_row(one.name, str(one.warm_up), escape(", ".join(one.columns) or "none"))
    out.print(grid)
    return 0


@verb
def check(file: File, cuts: Cuts = 200, data_dir: DataDir = None, json_: Json = False) -> int:
    """Try a file: no look ahead, finite values, a true warm-up. Exit code 1 names the first wrong row."""
    from trading.indicators.admission import try_combinations, try_indicator
    from trading.indicators.registry import families

    load(data_dir=data_dir)
    chosen = indicator_files.read(file)
    families(chosen.combinations, chosen.indicators)
    found = try_combinations(chosen.combinations, cuts) if chosen.combinations else []
    for one in chosen.indicators:
        found += try_indicator(one, cuts)
    if json_:
        as_json({"file": str(file), "about": _about(chosen), "cuts": cuts, "found": found, "sound": not found})
        return 1 if found else 0
    for sentence in found:
        out.print(f"[red]wrong[/red] {escape(sentence)}", soft_wrap=True)
    if not found:
        out.print(
            f"[green]sound[/green] {escape(', '.join(_about(chosen)))}, history cut at {cuts} times", soft_wrap=True
        )
    return 1 if found else 0


def _about(chosen: "Declared") -> dict[str, Any]:
    """Return what each declared feature is: the expression of a combination, the sentence of an indicator."""
    combinations = {each.name: each.expression for each in chosen.combinations}
    return combinations | {each.name: each.about for each in chosen.indicators}
