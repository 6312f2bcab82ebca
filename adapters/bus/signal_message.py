"""A signal as canonical JSON text and back: amounts as text, times as ISO 8601 in UTC, no unknown fields."""

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from trading.audit import canonical
from trading.errors import BadData, Misconfigured
from trading.money import ONE, ZERO, decimal, text
from trading.signal import Lineage, Signal
from trading.timeframe import Timeframe

_TIMES = ("ts", "decided_at", "valid_until")
_NAMES = ("signal_id", "book", "strategy", "venue", "symbol", "timeframe", "reason")
_FIELDS = {*_NAMES, *_TIMES, "exposure", "stop", "volatility", "reference_price", "lineage"}
_OPTIONAL = ("forecast_hash", "regime")
_LONGEST = 500
_DECIMAL = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?")


def encode(signal: Signal) -> str:
    """Return the canonical text of `signal`: sorted keys, no spaces; equal signals give equal bytes."""
    body: dict[str, Any] = {name: getattr(signal, name) for name in _NAMES}
    body |= {name: getattr(signal, name).astimezone(UTC).isoformat() for name in _TIMES}
    body |= {name: text(getattr(signal, name)) for name in ("exposure", "volatility", "reference_price")}
    body["stop"] = None if signal.stop is None else text(signal.stop)
    body["lineage"] = vars(signal.lineage)
    return canonical(body)


def decode(body: str) -> Signal:
    """Return the signal of a message body.

    Raises:
        BadData: a field is missing, unknown, of the wrong type or out of range, the message names it; or the text is
            not the canonical one, so that equal signals have equal hashes and times sort as texts.
    """
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        raise BadData("body is not JSON") from None
    if not isinstance(fields, dict) or set(fields) != _FIELDS:
        raise BadData(
            f"fields differ: {sorted(_FIELDS ^ set(fields)) if isinstance(fields, dict) else 'not an object'}"
        )
    values: dict[str, Any] = {name: _text(name, fields[name]) for name in _NAMES}
    values |= {name: _time(name, fields[name]) for name in _TIMES}
    signal = Signal(
        **values,
        exposure=_within("exposure", fields["exposure"], ZERO, ONE),
        stop=None if fields["stop"] is None else _within("stop", fields["stop"], ZERO, ONE),
        volatility=_within("volatility", fields["volatility"], ZERO, Decimal(10)),
        reference_price=_within("reference_price", fields["reference_price"], ZERO, Decimal(10) ** 12),
        lineage=_lineage(fields["lineage"]),
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
