"""The folder of imported history: one parquet file per venue, symbol, timeframe and kind, whole or not there at all."""

import fcntl
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from adapters.files import sync_folder, write_bytes_atomically
from adapters.history.canonical import Canonical
from trading.candle import BARS
from trading.errors import BadData, Misconfigured, Unavailable

_NEEDED = {
    "candles": tuple(BARS),
    "trades": ("ts", "price", "amount"),
    "funding": ("ts", "rate"),
    "quotes": ("ts", "bid_close", "ask_close"),
}


def file_name(part: Canonical) -> str:
    """Return the name of a market's file, such as `binance_BTC-USDT_1h.parquet`, as our own reader understands it."""
    base, _, quote = part.symbol.partition("/")
    market = "-".join(_word(word) for word in (base, quote) if word)
    kind = {"candles": [], "trades": ["trades"], "funding": ["funding"], "quotes": ["quotes"]}[part.kind]
    length = [str(part.timeframe)] if part.timeframe is not None else []
    return "_".join([*([_word(part.venue)] if part.venue else []), market, *kind, *length]) + ".parquet"


@contextmanager
def opened(folder: Path) -> Iterator[None]:
    """Make the folder, clear away what killed imports left, and keep other imports out meanwhile.

    Raises:
        Misconfigured: it is no folder.
        Unavailable: another import writes into it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise Misconfigured(f"--out {folder} is not a folder") from None
    with (folder / ".import.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Unavailable(f"--out {folder}: another import writes there; wait for its end") from None
        for part in folder.glob(".*.parquet.*.part"):
            part.unlink(missing_ok=True)
        yield


def stored(path: Path, part: Canonical) -> pl.DataFrame | None:
    """Return what a file of the archive holds of the market of `part`, None when it is not there.

    Raises:
        BadData: it cannot be read, or is another kind of file.
    """
    if not path.exists():
        return None
    try:
        frame = pl.read_parquet(path)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise BadData(f"{path}: is there and cannot be read ({str(error).splitlines()[0]}); move it away") from None
    lacking = sorted(set(_NEEDED[part.kind]) - set(frame.columns))
    if lacking:
        raise BadData(f"{path}: is there without the columns {', '.join(lacking)}; move it away")
    return frame


def write(path: Path, frame: pl.DataFrame) -> None:
    """Write a file of the archive in one step: after a kill it is the old one or the new one."""
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd", statistics=True)
    write_bytes_atomically(path, buffer.getvalue())
    sync_folder(path.parent)


def _word(text: str) -> str:
    """Return text that is safe in a file name and is one word to our reader, underscores of a venue apart."""
    return re.sub(r"[^A-Za-z0-9_]+", "", text) or "unnamed"
