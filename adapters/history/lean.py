"""LEAN's data files: one day in a zip, no header, milliseconds since midnight; the day stands in the name alone."""

import io
import re

import polars as pl

from adapters.history.container import Member
from adapters.history.names import day, label_of
from adapters.history.roles import QUOTE_COLUMNS
from adapters.history.series import Form, Kind, Series
from trading.candle import TS
from trading.errors import Misconfigured
from trading.market.findings.row_rules import VALUES
from trading.timeframe import Timeframe

#: 20221213_btcbusd_minute_trade.csv; hours and days of all time are btcusd_trade.csv or btcusd.csv.
_NAME = re.compile(r"(?:(\d{8})_)?([a-z0-9]+)(?:_(tick|second|minute|hour|daily))?_(trade|quote)\.csv$", re.IGNORECASE)
_LENGTHS = {"second": "1s", "minute": "1m", "hour": "1h", "daily": "1d"}
_DAY_MS = 86_400_000
#: Shares and options are written in ten-thousandths; what is split by a known quote is not.
_SCALE = 10_000


def _fits(member: Member) -> bool:
    named = _NAME.search(member.name)
    return named is not None and (named[1] is not None) and re.match(rb"\d{1,8},", member.content) is not None


def _read(member: Member, quotes: tuple[str, ...]) -> list[Series]:
    member.lines_within_bounds()
    named = _NAME.search(member.name)
    span = day(named[1]) if named is not None else None
    if named is None or span is None:
        raise Misconfigured(f"{member.source}: its name tells no day, as names of LEAN's files do")
    ticks = (named[3] or "").lower() == "tick"
    if ticks and named[4].lower() == "quote":
        raise Misconfigured(f"{member.source}: single quotes are not read; bars of quotes are")
    kind: Kind = "trades" if ticks else "candles" if named[4].lower() == "trade" else "quotes"
    frame = _frame(member, kind)
    label = label_of(named[2], quotes)
    notes = [f"milliseconds since midnight of {named[1]}, the day of its name, taken as UTC"]
    if label.symbol is not None and "/" not in label.symbol and _is_whole(frame):
        frame = frame.with_columns(pl.col(c).cast(pl.Float64) / _SCALE for c in frame.columns[1:] if _is_price(c))
        notes.append("whole prices of something that is no currency pair: divided by 10,000")
    since = pl.col("ms").cast(pl.Int64, strict=False)
    inside = pl.when(since.is_between(0, _DAY_MS - 1)).then(since)
    stamps = pl.lit(span[0]).cast(TS) + (inside * 1000).cast(pl.Duration("us"))
    rows = frame.with_columns(ts=stamps).select("ts", *frame.columns[1:])
    length = None if ticks else Timeframe.parse(_LENGTHS[(named[3] or "minute").lower()])
    venue = _venue(member)
    return [Series(member.source, "lean zip", kind, venue, label.symbol, length, rows, tuple(notes), span=span)]


def _frame(member: Member, kind: Kind) -> pl.DataFrame:
    columns = {"candles": VALUES, "quotes": QUOTE_COLUMNS, "trades": ("price", "amount")}[kind]
    names = ["ms", *columns]
    try:
        frame = pl.read_csv(
            io.BytesIO(member.text.encode()), has_header=False, infer_schema=False, truncate_ragged_lines=True
        )
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise Misconfigured(f"{member.source}: cannot be read: {str(error).splitlines()[0]}") from None
    if frame.width != len(names):
        raise Misconfigured(f"{member.source}: a {kind} file of LEAN has {len(names)} columns, this has {frame.width}")
    return frame.rename(dict(zip(frame.columns, names, strict=True)))


def _is_price(name: str) -> bool:
    return not name.endswith(("size", "volume", "amount"))


def _is_whole(frame: pl.DataFrame) -> bool:
    prices = [pl.col(name).str.contains(r"^\d+$").all() for name in frame.columns[1:] if _is_price(name)]
    return bool(frame.select(pl.all_horizontal(prices)).item())


def _venue(member: Member) -> str | None:
    """Return the venue of crypto/<venue>/minute/<symbol>, as folders or in the name of the zip."""
    words = re.split(r"[/_]", str(member.path).replace("\\", "/").lower())
    for place, word in enumerate(words[:-2]):
        if word in ("crypto", "cryptofuture") and words[place + 2] in (*_LENGTHS, "tick"):
            return words[place + 1] if word == "crypto" else f"{words[place + 1]}_futures"
    return None


LEAN = Form("lean zip", _fits, _read)
