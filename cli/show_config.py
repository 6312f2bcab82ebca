"""`tradewind show-config`: every setting, its value, and where it comes from; secrets are masked."""

import os
from typing import Any

from pydantic import SecretStr
from rich.table import Table

from adapters.settings import PREFIX, Settings, load
from cli.output import as_json, out
from cli.up import without_password
from cli.verb import DataDir, Json, verb


@verb
def show_config(data_dir: DataDir = None, json_: Json = False) -> int:
    """Show all settings with their values; each is an environment variable."""
    rows = _rows(load(data_dir=data_dir), option=data_dir is not None)
    if json_:
        as_json({"settings": rows})
        return 0
    grid = Table(box=None, pad_edge=False)
    grid.add_column("setting", no_wrap=True)
    grid.add_column("value", overflow="fold")
    grid.add_column("from")
    grid.add_column("what it is", style="dim")
    for row in rows:
        grid.add_row(row["setting"], "-" if row["value"] is None else str(row["value"]), row["from"], row["meaning"])
    out.print(grid)
    return 0


def _rows(settings: Settings, *, option: bool) -> list[dict[str, Any]]:
    rows = []
    for name, field in Settings.model_fields.items():
        variable = PREFIX + name.upper()
        origin = "environment" if os.environ.get(variable) else "default"
        if name == "data_dir" and option:
            origin = "option"
        value = _shown(getattr(settings, name))
        rows.append({"setting": variable, "value": value, "from": origin, "meaning": field.description or ""})
    return rows


def _shown(value: Any) -> Any:
    """Return what may be shown of a setting: of a secret URL the address, of any other secret that it is set."""
    if isinstance(value, SecretStr):
        text = value.get_secret_value()
        return without_password(text) if "://" in text else "***"
    if isinstance(value, tuple):
        return ",".join(value)
    return value if value is None or isinstance(value, int) else str(value)
