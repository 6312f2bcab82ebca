"""Times as files write them: epoch numbers of any unit, each by its own size, and texts in the forms exporters use."""

import polars as pl

from trading.candle import TS

#: Epoch numbers below these bounds are of the unit, in microseconds each; nanoseconds above (up to the year 5138).
UNITS = (("s", 1e11, 1_000_000.0), ("ms", 1e14, 1_000.0), ("us", 1e17, 1.0))
_NANOSECONDS = ("ns", 1e20, 0.001)

_FORMS = (
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d",
    "%Y-%m-%d %I:%M %p",
    "%Y-%m-%d %I:%M:%S %p",
    "%Y%m%d %H:%M:%S",
    "%Y%m%d %H:%M",
    "%Y%m%d",
)
#: Day and month can be told apart only by the whole column: a 13 in the first place is a day.
_MONTH_FIRST = ("%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %I:%M %p", "%m/%d/%Y")
_DAY_FIRST = ("%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y")


def times(column: pl.Series) -> pl.DataFrame:
    """Return `ts` (UTC, null where unreadable) and, for numbers, the `unit` each was written in.

    Datetimes and texts without a zone are taken as UTC.
    """
    if isinstance(column.dtype, pl.Datetime):
        aware = column.dt.replace_time_zone("UTC") if column.dtype.time_zone is None else column
        return pl.DataFrame({"ts": aware.dt.convert_time_zone("UTC").cast(TS)})
    if column.dtype == pl.Date:
        return pl.DataFrame({"ts": column.cast(pl.Datetime("us")).dt.replace_time_zone("UTC").cast(TS)})
    if column.dtype.is_numeric():
        return _from_numbers(column)
    text = column.cast(pl.String, strict=False).str.strip_chars().str.strip_chars("\"'")
    digits = text.str.contains(r"^[+-]?\d+(\.\d*)?([eE]\+?\d+)?$")
    days = text.str.contains(r"^(19|20)\d{6}$").fill_null(value=False)
    if bool(days.any()) and bool((days | text.is_null()).all()):
        return pl.DataFrame({"ts": _from_text(text)})
    if bool(digits.any()):
        whole = text.cast(pl.Int64, strict=False)
        return _from_numbers(whole if whole.null_count() == text.null_count() else text.cast(pl.Float64, strict=False))
    return pl.DataFrame({"ts": _from_text(text)})


def _from_numbers(numbers: pl.Series) -> pl.DataFrame:
    size = pl.col("n").cast(pl.Float64).abs()
    named = [*UNITS, _NANOSECONDS]
    unit = pl.coalesce(pl.when(size < bound).then(pl.lit(name)) for name, bound, _ in named)
    frame = pl.DataFrame({"n": numbers}).with_columns(unit=unit)
    exact = numbers.dtype.is_integer()
    micros = pl.coalesce(
        pl.when(pl.col("unit") == name).then(
            (pl.col("n").cast(pl.Int64) // 1000 if factor < 1 else pl.col("n").cast(pl.Int64) * int(factor))
            if exact
            else (pl.col("n") * factor).round()
        )
        for name, _, factor in named
    )
    stamps = micros.cast(pl.Int64, strict=False).cast(pl.Datetime("us")).dt.replace_time_zone("UTC").cast(TS)
    return frame.select(ts=stamps, unit="unit")


def _from_text(text: pl.Series) -> pl.Series:
    plain = (
        text.str.replace(r"(\d)T(\d)", "${1} ${2}")
        .str.replace(r"\s*(Z|UTC|GMT)$", "")
        .str.replace(r"^(\d{4})[./](\d\d)[./](\d\d)", "${1}-${2}-${3}")
        .str.replace(r"(\d\d)-([AP]M)$", "${1}:00 ${2}")
        .str.replace(r"^(\d{1,2})[-.](\d{1,2})[-.](\d{4}|\d\d)\b", "${1}/${2}/${3}")
        .str.replace(r"^(\d{1,2}/\d{1,2}/)(\d\d)( |$)", "${1}20${2}${3}")
    )
    firsts = plain.str.extract(r"^(\d{1,2})/\d{1,2}/", 1).cast(pl.Int64, strict=False).max()
    seconds = plain.str.extract(r"^\d{1,2}/(\d{1,2})/", 1).cast(pl.Int64, strict=False).max()
    day_first = isinstance(firsts, int) and firsts > 12 and not (isinstance(seconds, int) and seconds > 12)
    column = pl.col("text")
    naive = [
        column.str.to_datetime(form, time_unit="us", strict=False).dt.replace_time_zone("UTC")
        for form in (*_FORMS, *(_DAY_FIRST if day_first else _MONTH_FIRST))
    ]
    offset = column.str.to_datetime("%Y-%m-%d %H:%M:%S%.f%#z", time_unit="us", time_zone="UTC", strict=False)
    return pl.DataFrame({"text": plain}).select(pl.coalesce(*naive, offset).cast(TS).alias("ts")).to_series()
