"""Sheets without a header: what the columns are is told by their number and by what stands in them."""

import polars as pl

from adapters.history.stamps import times
from trading.errors import Misconfigured

_BINANCE = ("open_time", "open", "high", "low", "close", "volume", "close_time", "quote_volume", "trades")
_BINANCE_KLINE = (*_BINANCE, "taker_buy_base", "taker_buy_quote", "ignore")
_BINANCE_TRADE = ("id", "price", "qty", "quote_qty", "time", "is_buyer_maker", "is_best_match")
_BINANCE_AGG = ("id", "price", "qty", "first_id", "last_id", "time", "is_buyer_maker", "is_best_match")

#: Orders in which venues and programs write a bar's prices; the first wins where the rows cannot tell.
PRICE_ORDERS = (
    ("open", "high", "low", "close"),
    ("open", "close", "high", "low"),
    ("low", "high", "open", "close"),
)


def layout(source: str, frame: pl.DataFrame) -> tuple[str, pl.DataFrame]:
    """Return the form of a sheet without header and its frame with names.

    Raises:
        Misconfigured: no form we know has so many columns with such contents.
    """
    width = frame.width
    flags = [_is_flag(frame[name]) for name in frame.columns]
    if width in (6, 7) and flags[5] and _is_time(frame, 4):
        return "binance trades", _named(frame, _BINANCE_TRADE[:width])
    if width in (7, 8) and flags[6] and _is_time(frame, 5):
        return "binance aggregated trades", _named(frame, _BINANCE_AGG[:width])
    if not _is_time(frame, 0):
        raise Misconfigured(
            f"{source}: {width} columns without a header, and the first is no time: {_shown(frame)}; "
            "give it a header line (ts, open, high, low, close, volume or ts, price, amount)"
        )
    if width == 3:
        return "kraken trades", _named(frame, ("ts", "price", "amount"))
    if width == 12:
        return "binance klines", _named(frame, _BINANCE_KLINE)
    if 5 <= width <= 8:
        more = ("volume",) if width <= 6 else ("volume", "trades") if width == 7 else ("vwap", "volume", "trades")
        form = "kraken candles" if width > 6 else "candles without a header"
        return form, _named(frame, ("ts", *price_order(frame, 1), *more)[:width])
    raise Misconfigured(f"{source}: {width} columns without a header, of no form we know: {_shown(frame)}")


def price_order(frame: pl.DataFrame, start: int) -> tuple[str, ...]:
    """Return the order of the four price columns from `start` on in which the fewest rows break high and low."""
    four = [frame[name].cast(pl.Float64, strict=False) for name in frame.columns[start : start + 4]]
    if len(four) < 4:
        return PRICE_ORDERS[0]
    breaks = []
    for order in PRICE_ORDERS:
        rows = pl.DataFrame(dict(zip(order, four, strict=True)))
        bad = (pl.max_horizontal("open", "close") > pl.col("high")) | (
            pl.min_horizontal("open", "close") < pl.col("low")
        )
        breaks.append(rows.select(bad.sum()).item())
    return PRICE_ORDERS[breaks.index(min(breaks))]


def _named(frame: pl.DataFrame, names: tuple[str, ...]) -> pl.DataFrame:
    return frame.rename(dict(zip(frame.columns, names, strict=True)))


def _is_time(frame: pl.DataFrame, place: int) -> bool:
    """Return whether most of a column are times between 1990 and 2100."""
    years = times(frame[frame.columns[place]].head(1000))["ts"].dt.year()
    return 2 * int(years.is_between(1990, 2100).fill_null(value=False).sum()) > len(years)


def _is_flag(column: pl.Series) -> bool:
    return bool(column.head(1000).cast(pl.String).str.to_lowercase().is_in(["true", "false"]).all())


def _shown(frame: pl.DataFrame) -> str:
    return ", ".join(str(value)[:20] for value in frame.row(0))[:120] if frame.height else "nothing"
