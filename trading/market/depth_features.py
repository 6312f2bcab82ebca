"""Features of order books: what the last book of a bar says about the cost of trading, and which side waits."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import polars as pl

from trading.candle import TS
from trading.market import liquidity
from trading.money import divide
from trading.order import Side
from trading.order_book import OrderBook

#: The value whose cost is told, in quote currency.
SIZE = Decimal(10_000)
#: Slopes are told of so many levels.
LEVELS = 10

DEPTH = pl.Schema(
    {
        "symbol": pl.String,
        "ts": TS,
        "spread_bps": pl.Float64,
        "microprice_bps": pl.Float64,
        "imbalance_5": pl.Float64,
        "imbalance_10": pl.Float64,
        "bid_slope": pl.Float64,
        "ask_slope": pl.Float64,
        "buy_impact_bps": pl.Float64,
        "sell_impact_bps": pl.Float64,
    }
)

_BPS = Decimal(10_000)


@dataclass(frozen=True, slots=True)
class LastBook:
    """The last book that was known before a bar closed; `ts` is the open time of the bar."""

    symbol: str
    ts: datetime
    book: OrderBook


def depth_features(books: Iterable[LastBook]) -> pl.DataFrame:
    """Return one row per book, sorted by symbol, ts.

    `spread_bps` is the spread in basis points of the middle, `microprice_bps` how far the microprice lies above it.
    `imbalance_n` is (bids - asks) / (bids + asks) of the quantities on n levels, -1..1. A slope is how much rests
    within LEVELS levels per basis point that its side reaches from the middle, in quote currency; null where it reaches
    nowhere. An impact is what taking SIZE quote currency at once costs beyond the best price, in basis points; null
    where the levels do not hold so much.
    """
    rows = [(each.symbol, each.ts, *_values(each.book)) for each in books]
    return pl.DataFrame(rows, schema=DEPTH, orient="row").sort("symbol", "ts")


def _values(book: OrderBook) -> tuple[float | None, ...]:
    middle = liquidity.mid(book)
    spread = divide(liquidity.spread(book) * _BPS, middle)
    micro = divide((liquidity.microprice(book) - middle) * _BPS, middle)
    return (
        float(spread),
        float(micro),
        float(liquidity.imbalance(book, 5)),
        float(liquidity.imbalance(book, 10)),
        _slope(book, Side.BUY, middle),
        _slope(book, Side.SELL, middle),
        _impact(book, Side.BUY, middle),
        _impact(book, Side.SELL, middle),
    )


def _slope(book: OrderBook, side: Side, middle: Decimal) -> float | None:
    """Return the slope in quote currency per basis point: quantity times the middle, per ten-thousandth of it."""
    slope = liquidity.slope(book, side, LEVELS)
    return None if slope is None else float(slope) * float(middle) ** 2 / float(_BPS)


def _impact(book: OrderBook, side: Side, middle: Decimal) -> float | None:
    cost = liquidity.impact(book, side, divide(SIZE, middle))
    return float(cost.slippage * _BPS) if cost.unfilled <= 0 else None
