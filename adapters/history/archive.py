"""The folder of imported history: one parquet file per venue, symbol, timeframe and kind, whole or not there at all."""

import io
import os
import re
from pathlib import Path

import polars as pl

from adapters.files import sync_folder, write_bytes_atomically
from adapters.history.canonical import Canonical
from trading.errors import BadData


def file_name(part: Canonical) -> str:
    """Return the name of a market's file, such as `binance_BTC-USDT_1h.parquet`, as our own reader understands it."""
    base, _, quote = part.symbol.partition("/")
    market = "-".join(_word(word) for word in (base, quote) if word)
    kind = {"candles": [], "trades": ["trades"], "funding": ["funding"], "quotes": ["quotes"]}[part.kind]
    length = [str(part.timeframe)] if part.timeframe is not None else []
    return "_".join([*([_word(part.venue)] if part.venue else []), market, *kind, *length]) + ".parquet"


def stored(path: Path) -> pl.DataFrame | None:
    """Return what a file of the archive holds, None when it is not there; BadData when it is not ours."""
    if not path.exists():
        return None
    try:
        return pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise BadData(f"{path}: is there and cannot be read ({str(error).splitlines()[0]}); move it away") from error


def write(path: Path, frame: pl.DataFrame) -> None:
    """Write a file of the archive in one step: after a kill it is the old one or the new one."""
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd", statistics=True)
    write_bytes_atomically(path, buffer.getvalue())
    sync_folder(path.parent)


def sweep(folder: Path) -> None:
    """Delete the parts that killed imports left behind."""
    for part in folder.glob(".*.parquet.*.part"):
        pid = part.name.rsplit(".", 2)[-2]
        if pid.isdigit() and not _alive(int(pid)):
            part.unlink(missing_ok=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _word(text: str) -> str:
    """Return text that is safe in a file name and is one word to our reader, underscores of a venue apart."""
    return re.sub(r"[^A-Za-z0-9_]+", "", text) or "unnamed"
