"""How it is stored and asked: every statement longer than a line is a file here, read by name."""

from importlib.resources import files


def read(name: str) -> str:
    """Return the text of `name`, for example `migrations/0001_market.sql`; FileNotFoundError names a missing file."""
    return files("sql").joinpath(name).read_text(encoding="utf-8")


def names(folder: str) -> list[str]:
    """Return the names of the `.sql` files of `folder` in order."""
    return sorted(entry.name for entry in files("sql").joinpath(folder).iterdir() if entry.name.endswith(".sql"))
