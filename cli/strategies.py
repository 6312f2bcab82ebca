"""`tradewind strategies`: the strategies, and the parameters of each with default, range and meaning."""

import json
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from adapters.settings import load
from cli.output import as_json, out
from cli.verb import DataDir, Json, verb
from trading.strategies.registry import STRATEGIES, parameters, schema, strategy

Name = Annotated[str | None, typer.Argument(help="A strategy, to see its parameters; all strategies without it.")]

_LIMITS = {"exclusiveMinimum": ">", "minimum": ">=", "exclusiveMaximum": "<", "maximum": "<="}


@verb
def strategies(name: Name = None, data_dir: DataDir = None, json_: Json = False) -> int:
    """Show the strategies, or the parameters of the one that is named."""
    load(data_dir=data_dir)  # a wrong setting is refused here as by every verb
    told = [_told(each) for each in ([name] if name else STRATEGIES)]
    if json_:
        as_json({"strategies": told})
    elif name:
        _show_parameters(told[0])
    else:
        _show(told)
    return 0


def _told(name: str) -> dict[str, Any]:
    one, described = strategy(name), schema(name)
    return {
        "strategy": name,
        "about": one.about,
        "parameters": len(described["properties"]),
        "columns": one.columns(parameters(name, {})),
        "schema": described,
    }


def _show(told: list[dict[str, Any]]) -> None:
    grid = Table(box=None, pad_edge=False)
    grid.add_column("strategy", no_wrap=True)
    grid.add_column("what it does", overflow="fold")
    grid.add_column("parameters", justify="right")
    for one in told:
        grid.add_row(one["strategy"], escape(one["about"]), str(one["parameters"]))
    out.print(grid)


def _show_parameters(told: dict[str, Any]) -> None:
    out.print(escape(told["about"]))
    out.print()
    grid = Table(box=None, pad_edge=False)
    grid.add_column("parameter", no_wrap=True)
    for title in ("default", "range"):
        grid.add_column(title, overflow="fold")
    grid.add_column("what it is", style="dim", overflow="fold")
    for name, field in told["schema"]["properties"].items():
        texts = (_text(field.get("default")), _range(field, told["schema"]), field.get("description", ""))
        grid.add_row(name, *map(escape, texts))
    out.print(grid)


def _range(field: dict[str, Any], whole: dict[str, Any]) -> str:
    """Return what a parameter may be: bounds, choices, or what its entries may be."""
    if "enum" in field:
        return " | ".join(map(str, field["enum"]))
    if "items" in field:
        return f"list of {_range(field['items'], whole)}"
    if "$ref" in field:
        return f"({', '.join(whole['$defs'][field['$ref'].rpartition('/')[2]]['properties'])})"
    return ", ".join(f"{sign} {field[bound]}" for bound, sign in _LIMITS.items() if bound in field)


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    if isinstance(value, dict):
        return f"({', '.join('...' if isinstance(inner, dict) else _text(inner) for inner in value.values())})"
    return value if isinstance(value, str) else json.dumps(value)
