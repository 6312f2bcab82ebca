"""Headlines with labels from a file: Parquet or CSV, as they are handed around."""

from pathlib import Path

import polars as pl

from trading.candle import TS
from trading.errors import BadData, Misconfigured

#: The names that a column may have, by ours; the first that is there is taken.
NAMES = {
    "ts": ("ts", "published_ts", "date"),
    "title": ("title", "headline"),
    "summary": ("summary", "text", "teaser"),
    "label": ("label", "sent_class", "sentiment"),
    "part": ("part",),
}
#: Without these a row says nothing.
NEEDED = ("title", "label")


def read(path: Path) -> pl.DataFrame:
    """Return ts (UTC, null where the file has none), title, summary, label and part, texts as the file has them.

    A time without a zone is read as UTC.

    Raises:
        Misconfigured: the file is not there or is neither Parquet nor CSV.
        BadData: it cannot be read, or has no column for a title or a label.

    """
    if not path.is_file():
        raise Misconfigured(f"{path}: there is no such file of labelled headlines")
    frame = _frame(path)
    found = {name: next((column for column in known if column in frame.columns), None) for name, known in NAMES.items()}
    for name in NEEDED:
        if found[name] is None:
            raise BadData(f"{path}: no column {' or '.join(NAMES[name])}; there are {', '.join(frame.columns)}")
    texts = [
        (pl.lit(None) if found[name] is None else pl.col(str(found[name]))).cast(pl.String).fill_null("").alias(name)
        for name in ("title", "summary", "part")
    ]
    try:
        return frame.select(
            _time(frame, found["ts"]), *texts, pl.col(str(found["label"])).cast(pl.String).alias("label")
        )
    except pl.exceptions.PolarsError as error:
        raise BadData(f"{path}: {str(error).splitlines()[0]}") from None


def _frame(path: Path) -> pl.DataFrame:
    try:
        if path.suffix == ".parquet":
            return pl.read_parquet(path)
        if path.suffix == ".csv":
            return pl.read_csv(path, try_parse_dates=True)
    except (pl.exceptions.PolarsError, OSError, UnicodeDecodeError) as error:
        raise BadData(f"{path}: {str(error).splitlines()[0]}") from None
    raise Misconfigured(f"{path}: labelled headlines are read from .parquet and .csv")


def _time(frame: pl.DataFrame, column: str | None) -> pl.Expr:
    if column is None:
        return pl.lit(None, dtype=TS).alias("ts")
    kind = frame.schema[column]
    if not isinstance(kind, pl.Datetime):
        return pl.col(column).cast(pl.Datetime("us")).dt.replace_time_zone("UTC").alias("ts")
    if kind.time_zone is None:
        return pl.col(column).dt.replace_time_zone("UTC").cast(TS).alias("ts")
    return pl.col(column).dt.convert_time_zone("UTC").cast(TS).alias("ts")
