"""Reports as pages: a plain document goes through a template, every number exact in its tooltip."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from adapters.chart import Chart, draw

if TYPE_CHECKING:
    from jinja2 import Environment

Row = Mapping[str, Any]

#: The sign that is as wide as a digit, and what stands where there is no number.
_MINUS, _NONE = "\u2212", "\u2013"
_FILL_COLUMNS = (
    "ts", "strategy", "symbol", "leg", "side", "quantity", "price", "value", "fee", "fee_currency", "trade_id",
    "venue_order_id", "client_id",
)  # fmt: skip


def daily_performance(document: Mapping[str, Any]) -> str:
    """Return the HTML page of a daily performance document (plain JSON values, amounts as decimal text).

    The page is whole in itself: no script, no request to anywhere. Equal documents give equal bytes.
    """
    # Cents say enough of a book worth hundreds; one kept in a coin needs its digits.
    decimals = 2 if Decimal(document["headline"]["equity"]) >= 100 else 8
    page = _environment(decimals).get_template("daily_performance.html")
    return page.render(**document, charts=_charts(document))


def fills_csv(document: Mapping[str, Any]) -> str:
    """Return the fills of the document as CSV with a header line; amounts as exact decimal text."""
    text = io.StringIO()
    writer = csv.DictWriter(text, _FILL_COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: fill[name] for name in _FILL_COLUMNS} for fill in document["fills"])
    return text.getvalue()


def _charts(document: Mapping[str, Any]) -> dict[str, Any]:
    curve = document["curve"]
    opening = Decimal(curve[0]["equity"]) if curve else Decimal(0)
    return {
        "equity": draw(_points(curve, "equity"), baseline=float(opening), height=240),
        "drawdown": draw(_points(curve, "drawdown"), baseline=0.0, percent=True, height=130),
        "prices": {
            symbol: chart
            for symbol, points in document["prices"].items()
            if (chart := _price_chart(points, [f for f in document["fills"] if f["symbol"] == symbol])) is not None
        },
    }


def _price_chart(points: Sequence[Row], fills: Sequence[Row]) -> Chart | None:
    marks = [
        (
            _time(fill["ts"]),
            float(Decimal(fill["price"])),
            fill["side"] == "BUY",
            f"{_clock(fill['ts'])} {fill['side'].lower()} {_plain(fill['quantity'])} at {_plain(fill['price'])},"
            f" {fill['strategy']} {fill['leg']}",
        )
        for fill in fills
    ]
    return draw(_points(points, "price"), width=360, height=170, marks=marks)


def _points(rows: Sequence[Row], name: str) -> list[tuple[datetime, float]]:
    return [(_time(row["ts"]), float(Decimal(row[name]))) for row in rows]


def _environment(decimals: int) -> "Environment":
    import jinja2

    source = files("adapters").joinpath("templates")
    loader = jinja2.FunctionLoader(lambda name: source.joinpath(name).read_text(encoding="utf-8"))
    environment = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        **_amounts(decimals),
        "percent": _percent,
        "signed_percent": _signed_percent,
        "quantity": _quantity,
        "price": _plain,
        "clock": _clock,
        "moment": _moment,
        "percent_trend": _amounts(4)["trend"],
        "ratio": _ratio,
        "score": lambda value: _minus(f"{float(value):,.4g}"),
        "words": lambda name: str(name).replace("_", " "),
    }
    return environment


def _amounts(decimals: int) -> dict[str, Any]:
    """Return the filters for amounts with `decimals` digits after the point."""
    zero = f"{0:.{decimals}f}"

    def money(value: str) -> str:
        return _minus(f"{_rounded(value, decimals):,.{decimals}f}")

    def signed(value: str) -> str:
        number = _rounded(value, decimals)
        return _minus(f"{number:+,.{decimals}f}") if number else zero

    def trend(value: str) -> str:
        """Return up, down or flat: the class that colours a number, beside its sign and arrow."""
        number = _rounded(value, decimals)
        return "up" if number > 0 else "down" if number < 0 else "flat"

    return {"money": money, "signed": signed, "trend": trend}


def _percent(value: str | None) -> str:
    return _NONE if value is None else _minus(f"{_rounded(value, 4) * 100:,.2f}%")


def _signed_percent(value: str | None) -> str:
    number = None if value is None else _rounded(value, 4)
    return _minus(f"{number * 100:+,.2f}%") if number else _percent(value)


def _rounded(value: str, decimals: int) -> Decimal:
    """Return `value` with so many digits after the point; what rounds to nothing has no sign."""
    number = round(Decimal(value), decimals)
    return number or Decimal(0)


def _quantity(value: str) -> str:
    text = f"{Decimal(value):,.8f}".rstrip("0").rstrip(".")
    return _minus(text)


def _plain(value: str | None) -> str:
    """Return a price with the digits that it has, at most ten after the point."""
    if value is None:
        return _NONE
    number = round(Decimal(value), 10)
    whole, _, digits = f"{number:,f}".partition(".")
    digits = digits.rstrip("0")
    return _minus(f"{whole}.{digits}" if digits else whole)


def _ratio(value: str | None) -> str:
    return _NONE if value is None else _minus(f"{float(value):,.2f}")


def _time(value: str) -> datetime:
    return datetime.fromisoformat(value)


def _clock(value: str) -> str:
    time = _time(value)
    return f"{time:%H:%M:%S}" if not time.microsecond else f"{time:%H:%M:%S}.{time.microsecond // 1000:03d}"


def _moment(value: str) -> str:
    return f"{_time(value):%Y-%m-%d %H:%M}"


def _minus(text: str) -> str:
    return text.replace("-", _MINUS)
