"""How a page is set: the environment of the templates, and how numbers and times read."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment

Row = Mapping[str, Any]

#: The sign that is as wide as a digit, and what stands where there is no number.
_MINUS, _NONE = "\u2212", "\u2013"


def series(rows: Sequence[Row], name: str) -> list[tuple[datetime, float]]:
    """Return what `name` is in each of `rows` with their times, as a chart wants it."""
    return [(moment_of(row["ts"]), float(Decimal(row[name]))) for row in rows]


def environment(equity: str) -> "Environment":
    """Return the templates' environment, whose amounts have as many digits as a book worth `equity` (quote) needs."""
    import jinja2

    # Cents say enough of a book worth hundreds; one kept in a coin needs its digits.
    decimals = 2 if Decimal(equity) >= 100 else 8
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
        "price": plain,
        "clock": clock,
        "moment": moment,
        "day": lambda value: value[:10],
        "days": _days,
        "count": lambda value: f"{value:,}",
        "heat": _heat,
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


def plain(value: str | None) -> str:
    """Return a price with the digits that it has, at most ten after the point."""
    if value is None:
        return _NONE
    number = round(Decimal(value), 10)
    whole, _, digits = f"{number:,f}".partition(".")
    digits = digits.rstrip("0")
    return _minus(f"{whole}.{digits}" if digits else whole)


def _ratio(value: str | None) -> str:
    return _NONE if value is None else _minus(f"{_rounded(value, 2):,.2f}")


def moment_of(value: str) -> datetime:
    """Return the time that ISO 8601 text says."""
    return datetime.fromisoformat(value)


def clock(value: str) -> str:
    """Return the time of day, with milliseconds where it has some."""
    time = moment_of(value)
    return f"{time:%H:%M:%S}" if not time.microsecond else f"{time:%H:%M:%S}.{time.microsecond // 1000:03d}"


def moment(value: str) -> str:
    """Return the date and the minute."""
    return f"{moment_of(value):%Y-%m-%d %H:%M}"


def _days(value: str) -> str:
    """Return a duration in days as the largest two units that it has."""
    hours = round(float(value) * 24)
    days, rest = divmod(hours, 24)
    if days >= 10:
        return f"{round(float(value))} d"
    return " ".join(part for part in (f"{days} d" if days else "", f"{rest} h" if rest or not days else "") if part)


def _heat(value: str, largest: float) -> str:
    """Return how strongly a cell is painted, 0..1: half for the largest, so that its ink stays readable."""
    return f"{abs(float(value)) / largest / 2:.2f}" if largest else "0"


def _minus(text: str) -> str:
    return text.replace("-", _MINUS)
