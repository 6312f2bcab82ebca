"""Halts that no database took: one file each in the data folder, until the guard makes rows of them."""

import json
import os
from collections.abc import Collection
from pathlib import Path

from adapters.files import sync_folder, write_atomically
from adapters.store import halts
from adapters.store.database import Connection

_FOLDER = "halt"


def drop(data_dir: Path, book: str, symbol: str | None, reason: str, actor: str, at: str) -> Path:
    """Write a halt that no database took, on disk when this returns; a name of its own, so that none is lost."""
    folder = data_dir / _FOLDER
    number = len(waiting(data_dir, book))
    while (path := folder / f"{book}.{os.getpid()}-{number}.json").exists():
        number += 1
    content = {"book": book, "symbol": symbol, "reason": reason, "actor": actor, "at": at}
    write_atomically(path, json.dumps(content) + "\n")
    sync_folder(folder)
    return path


def waiting(data_dir: Path, book: str) -> list[Path]:
    """Return the files of `book` that are no rows yet."""
    return sorted((data_dir / _FOLDER).glob(f"{book}.*.json"))


def add(connection: Connection, book: str, path: Path, symbols: Collection[str]) -> tuple[int | None, str | None, str]:
    """Write the halt of one file as a row; return its id (None when it stood already), symbol and reason.

    What cannot be read, or is not one of `symbols`, halts the whole book: somebody wanted a halt, and nobody knows
    which. Remove the file when the row is committed.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        symbol, reason, actor = content["symbol"], str(content["reason"]), str(content["actor"])
    except (ValueError, KeyError, TypeError):
        symbol, reason, actor = None, f"a halt file that cannot be read: {path.name}", "guard"
    if symbol is not None and symbol not in symbols:
        symbol, reason = None, f"{reason} (for {symbol}, which book {book} does not trade)"
    return halts.add(connection, book, symbol, reason, actor), symbol, reason
