"""The columns of a candle file: which is which, times to UTC, and the decimals that its numbers were written with."""

from decimal import Decimal
from pathlib import Path

import polars as pl

from adapters.history.stamps import times as read_times
from trading.errors import Misconfigured

TIME_NAMES = ("ts", "open_time", "unix", "unix_timestamp", "unix timestamp", "timestamp", "datetime", "date", "time")
SYMBOL_NAMES = ("symbol", "pair", "market")
VALUES = ("open", "high", "low", "close", "volume")


def read_columns(path: Path, base: str | None = None) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Return the rows of a file as ts, open..volume (and symbol where it has one), and the columns ignored.

    `ts` is UTC, null where it could not be read; the values are as the file has them (text in CSV). With `base` (say
    BTC) a column `volume btc` counts as the volume.

    Raises:
        Misconfigured: the file cannot be read, is empty, lacks a column or has no readable time.

    """
    frame = _load(path)
    names = {name.strip().lower(): name for name in reversed(frame.columns)}
    if base is not None and f"volume {base.lower()}" in names:
        names.setdefault("volume", names[f"volume {base.lower()}"])
    time = next((names[name] for name in TIME_NAMES if name in names), None)
    if time is None:
        raise Misconfigured(f"{path}: no time column (one of {', '.join(TIME_NAMES)}); it has {_listed(frame)}")
    missing = [name for name in VALUES if name not in names]
    if missing:
        raise Misconfigured(f"{path}: column {', '.join(missing)} is missing; it has {_listed(frame)}")
    if frame.is_empty():
        raise Misconfigured(f"{path}: no rows")
    times = to_utc(frame[time])
    if times.null_count() == len(times):
        raise Misconfigured(f"{path}: column {time}: no readable time, the first is {frame.item(0, time)!r}")
    symbol = next((names[name] for name in SYMBOL_NAMES if name in names), None)
    chosen = [times.alias("ts"), *(frame[names[name]].alias(name) for name in VALUES)]
    if symbol is not None:
        chosen.append(frame[symbol].cast(pl.String).alias("symbol"))
    used = {time, symbol, *(names[name] for name in VALUES)}
    return pl.DataFrame(chosen), tuple(name for name in frame.columns if name not in used)


def to_utc(times: pl.Series) -> pl.Series:
    """Return datetimes (naive: UTC), dates, epoch s/ms/us/ns or text as UTC datetimes; null where unreadable."""
    return read_times(times)["ts"]


def observed_step(column: pl.Series, cap: int = 12) -> Decimal:
    """Return the step of the positive numbers of `column`: ten to minus the most decimals seen (or `cap`).

    Decimals are those of the shortest text that gives the number up to a few units of float rounding, so that
    0.30000000000000004 has one.
    """
    values = column.cast(pl.Float64, strict=False).drop_nulls()
    values = values.filter(values.is_finite() & (values > 0)).unique()
    decimals = 0
    while decimals < cap:
        values = values.filter((values.round(decimals) - values).abs() > values * 2e-15)
        if values.is_empty():
            break
        decimals += 1
    return Decimal(1).scaleb(-decimals)


def _load(path: Path) -> pl.DataFrame:
    name = path.name.lower()
    try:
        if name.endswith(".parquet"):
            return pl.read_parquet(path)
        if name.endswith(".feather"):
            return pl.read_ipc(path)
        return _load_csv(path)
    except (pl.exceptions.PolarsError, OSError, UnicodeDecodeError) as error:
        # polars quotes some of its messages
        said = (str(error) or repr(error)).splitlines()[0].strip("'")
        raise Misconfigured(f"{path}: cannot be read: {said}") from error


def _load_csv(path: Path) -> pl.DataFrame:
    """Read a CSV as text; its header is the first of ten lines that names a column `open` (some begin with a note)."""
    top = pl.read_csv(
        path, has_header=False, separator="\n", n_rows=10, infer_schema=False, quote_char=None, new_columns=["line"]
    )
    header = next((at for at, line in enumerate(top["line"]) if "open" in (line or "").lower()), 0)
    separator = ";" if top["line"][header].count(";") > top["line"][header].count(",") else ","
    return pl.read_csv(path, skip_lines=header, infer_schema=False, separator=separator, truncate_ragged_lines=True)


def _listed(frame: pl.DataFrame) -> str:
    return ", ".join(frame.columns) or "no columns"
