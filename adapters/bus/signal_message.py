"""A signal as canonical JSON text and back: amounts as text, times as ISO 8601 in UTC, no unknown fields."""

import json
import re
from dataclasses import fields
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from trading.audit import canonical
from trading.errors import BadData, Misconfigured
from trading.money import ONE, ZERO, decimal, text
from trading.order import Side
from trading.quote import MOST_QUOTES, Quote
from trading.signal import Lineage, Signal
from trading.timeframe import Timeframe

_TIMES = ("ts", "decided_at", "valid_until")
_NAMES = ("signal_id", "book", "strategy", "venue", "symbol", "timeframe", "reason")
_FIELDS = {*_NAMES, *_TIMES, "exposure", "stop", "volatility", "reference_price", "lineage"}
_OPTIONAL = ("forecast_hash", "regime")
_LONGEST = 500
_HIGHEST_PRICE = Decimal(10) ** 12
_DECIMAL = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?")


def encode(signal: Signal) -> str:
    """Return the canonical text of `signal`: sorted keys, no spaces; equal signals give equal bytes."""
    body: dict[str, Any] = {name: getattr(signal, name) for name in _NAMES}
    body |= {name: getattr(signal, name).astimezone(UTC).isoformat() for name in _TIMES}
    body |= {name: text(getattr(signal, name)) for name in ("volatility", "reference_price")}
    for name in ("exposure", "stop"):
        amount = getattr(signal, name)
        body[name] = None if amount is None else text(amount)
    body["lineage"] = vars(signal.lineage)
    if signal.quotes:
        body["quotes"] = [[str(one.side), text(one.price), text(one.exposure)] for one in signal.quotes]
    return canonical(body)


def decode(body: str) -> Signal:
    """Return the signal of a message body.

    Raises:
        BadData: a field is missing, unknown, of the wrong type or out of range, the message names it; or the text is
            not the canonical one, so that equal signals have equal hashes and times sort as texts.
    """
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        raise BadData("body is not JSON") from None
    if not isinstance(told, dict):
        raise BadData("body is no object")
    if differing := _FIELDS ^ (set(told) - {"quotes"}):
        raise BadData(f"fields differ: {sorted(differing)}")
    values: dict[str, Any] = {name: _text(name, told[name]) for name in _NAMES}
    values |= {name: _time(name, told[name]) for name in _TIMES}
    signal = Signal(
        **values,
        exposure=_share("exposure", told["exposure"]),
        stop=_share("stop", told["stop"]),
        volatility=_within("volatility", told["volatility"], ZERO, Decimal(10)),
        reference_price=_within("reference_price", told["reference_price"], ZERO, _HIGHEST_PRICE),
        lineage=_lineage(told["lineage"]),
        quotes=_quotes(told.get("quotes", [])),
    )
    _check(signal)
    if encode(signal) != body:
        raise BadData("body is not the canonical text of its signal")
    return signal


def _check(signal: Signal) -> None:
    try:
        Timeframe.parse(signal.timeframe)
    except Misconfigured as error:
        raise BadData(str(error)) from None
    if signal.reference_price == ZERO:
        raise BadData("field reference_price is zero")
    sides = {quote.side for quote in signal.quotes}
    if Side.BUY in sides and signal.exposure is not None:
        raise BadData("field quotes has bids beside an exposure: either quotes or market orders buy")
    if Side.SELL in sides and signal.stop is not None:
        raise BadData("field quotes has asks beside a stop: both would lock what is held")
    if not signal.ts < signal.decided_at <= signal.valid_until:
        raise BadData("times are not in the order ts < decided_at <= valid_until")


def _text(name: str, value: object) -> str:
    # What cannot be printed cannot be stored either: NUL and half characters.
    if not isinstance(value, str) or len(value) > _LONGEST or not value.isprintable():
        raise BadData(f"field {name} is not a short text")
    return value


def _time(name: str, value: object) -> datetime:
    try:
        parsed = datetime.fromisoformat(_text(name, value))
        if parsed.tzinfo is not None:
            return parsed.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise BadData(f"field {name} is not a time with its zone")


def _within(name: str, value: object, low: Decimal, high: Decimal) -> Decimal:
    if not isinstance(value, str) or _DECIMAL.fullmatch(value) is None:
        raise BadData(f"field {name} is not plain decimal text")
    number = decimal(value)
    if not low <= number <= high:
        raise BadData(f"field {name} is {value}, outside {low}..{high}")
    return number


def _share(name: str, value: object) -> Decimal | None:
    return None if value is None else _within(name, value, ZERO, ONE)


def _quotes(value: object) -> tuple[Quote, ...]:
    if not isinstance(value, list) or len(value) > MOST_QUOTES:
        raise BadData(f"field quotes is no list of at most {MOST_QUOTES}")
    return tuple(_quote(one) for one in value)


def _quote(value: object) -> Quote:
    if not isinstance(value, list) or len(value) != len(fields(Quote)) or value[0] not in tuple(Side):
        raise BadData("field quotes has something else than side, price and exposure")
    price = _within("quotes.price", value[1], ZERO, _HIGHEST_PRICE)
    if price == ZERO:
        raise BadData("field quotes.price is zero")
    return Quote(Side(value[0]), price, _within("quotes.exposure", value[2], ZERO, ONE))


def _lineage(value: object) -> Lineage:
    if not isinstance(value, dict) or set(value) != set(Lineage.__dataclass_fields__):
        raise BadData("field lineage has missing or unknown fields")
    version = value["config_version"]
    if type(version) is not int or not 0 <= version < 2**31:
        raise BadData("field lineage.config_version is not a version")
    for name in sorted(set(value) - {"config_version"}):
        if value[name] is not None or name not in _OPTIONAL:
            _text(f"lineage.{name}", value[name])
    return Lineage(**value)
