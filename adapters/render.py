"""Reports as pages: a plain document goes through a template, every number exact in its tooltip."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from adapters.bars import draw_bars
from adapters.chart import draw
from adapters.page import Row, clock, environment, moment, series
from adapters.price_chart import of_symbol, price_chart

_FILL_COLUMNS = (
    "ts", "strategy", "symbol", "leg", "side", "quantity", "price", "value", "fee", "fee_currency", "trade_id",
    "venue_order_id", "client_id",
)  # fmt: skip
_TRADE_COLUMNS = (
    "opened", "closed", "strategy", "symbol", "quantity", "cost", "proceeds", "fees", "pnl", "pnl_pct", "ref",
)  # fmt: skip


def daily_performance(document: Mapping[str, Any]) -> str:
    """Return the HTML page of a daily performance document (plain JSON values, amounts as decimal text).

    The page is whole in itself: no script, no request to anywhere. Equal documents give equal bytes.
    """
    template = environment(document["headline"]["equity"]).get_template("daily_performance.html")
    return template.render(**document, charts=_charts(document))


def backtest(document: Mapping[str, Any]) -> str:
    """Return the HTML page of a tear sheet (plain JSON values, amounts as decimal text) with its `document_hash`.

    The page is whole in itself: no script, no request to anywhere. Equal documents give equal bytes.
    """
    template = environment(document["headline"]["equity"]).get_template("backtest.html")
    return template.render(**document, charts=_backtest_charts(document), largest=_largest(document["months"]))


def fills_csv(document: Mapping[str, Any]) -> str:
    """Return the fills of either document as CSV with a header line; amounts as exact decimal text."""
    return _csv(_FILL_COLUMNS, document["fills"])


def trades_csv(document: Mapping[str, Any]) -> str:
    """Return the round trips of either document as CSV with a header line; amounts as exact decimal text."""
    return _csv(_TRADE_COLUMNS, document["round_trips"])


def _csv(columns: Sequence[str], rows: Iterable[Row]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _charts(document: Mapping[str, Any]) -> dict[str, Any]:
    curve = document["curve"]
    opening = Decimal(curve[0]["equity"]) if curve else Decimal(0)
    return {
        "equity": draw(series(curve, "equity"), baseline=float(opening), height=240),
        "drawdown": draw(series(curve, "drawdown"), baseline=0.0, percent=True, height=130),
        "prices": {
            symbol: chart
            for symbol, prices in document["prices"].items()
            if (chart := price_chart(prices, of_symbol(document["fills"], symbol), clock)) is not None
        },
    }


def _backtest_charts(document: Mapping[str, Any]) -> dict[str, Any]:
    curve, fills = document["curve"], document["fills"]
    capital = float(Decimal(curve[0]["equity"]))
    held, held_below = series(curve, "benchmark"), series(curve, "benchmark_drawdown")
    ranges = [(_bound(row["low"]), _bound(row["high"]), row["count"]) for row in document["distribution"]["ranges"]]
    return {
        "equity": draw(series(curve, "equity"), baseline=capital, height=280, against=held),
        "drawdown": draw(series(curve, "drawdown"), baseline=0.0, percent=True, height=150, against=held_below),
        "distribution": draw_bars(ranges),
        "prices": {
            symbol: chart
            for symbol, prices in document["prices"].items()
            if (chart := price_chart(prices, of_symbol(fills, symbol), moment, width=720, height=260)) is not None
        },
    }


def _bound(value: str | None) -> float | None:
    return None if value is None else float(value)


def _largest(calendar: Sequence[Row]) -> float:
    """Return the largest month of `calendar` without its sign: the one that is painted in full."""
    return max((abs(float(month)) for row in calendar for month in row["months"] if month is not None), default=0.0)
