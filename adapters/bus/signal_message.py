"""A signal as canonical JSON text and back: amounts as text, times as ISO 8601 in UTC, no unknown fields."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from trading.errors import BadData
from trading.money import ONE, ZERO, decimal, text
from trading.signal import Lineage, Signal

_TIMES = ("ts", "decided_at", "valid_until")
_NAMES = ("signal_id", "book", "strategy", "venue", "symbol", "timeframe", "reason")
_FIELDS = {*_NAMES, *_TIMES, "exposure", "stop", "volatility", "reference_price", "lineage"}


def encode(signal: Signal) -> str:
    """Return the canonical text of `signal`: sorted keys, no spaces; equal signals give equal bytes."""
    body: dict[str, Any] = {name: getattr(signal, name) for name in _NAMES}
    body |= {name: getattr(signal, name).astimezone(UTC).isoformat() for name in _TIMES}
    body |= {name: text(getattr(signal, name)) for name in ("exposure", "volatility", "reference_price")}
    body["stop"] = None if signal.stop is None else text(signal.stop)
    body["lineage"] = vars(signal.lineage)
    return json.dumps(body, sort_keys=True, separators=(",", ":"))


def decode(body: str) -> Signal:
    """Return the signal of a message body.

    Raises:
        BadData: a field is missing, unknown, of the wrong type or out of range; the message names it.
    """
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        raise BadData("body is not JSON") from None
    if not isinstance(fields, dict) or set(fields) != _FIELDS:
        raise BadData(
            f"fields differ: {sorted(_FIELDS ^ set(fields)) if isinstance(fields, dict) else 'not an object'}"
        )
    for name in _NAMES:
        if not isinstance(fields[name], str) or len(fields[name]) > 500:
            raise BadData(f"field {name} is not a short text")
    values: dict[str, Any] = {name: fields[name] for name in _NAMES}
    values |= {name: _time(name, fields[name]) for name in _TIMES}
    signal = Signal(
        **values,
        exposure=_within("exposure", fields["exposure"], ZERO, ONE),
        stop=None if fields["stop"] is None else _within("stop", fields["stop"], ZERO, ONE),
        volatility=_within("volatility", fields["volatility"], ZERO, Decimal(10)),
        reference_price=_within("reference_price", fields["reference_price"], ZERO, Decimal(10) ** 12),
        lineage=_lineage(fields["lineage"]),
    )
    if not signal.ts < signal.decided_at <= signal.valid_until:
        raise BadData("times are not in the order ts < decided_at <= valid_until")
    return signal


def _time(name: str, value: object) -> datetime:
    try:
        parsed = datetime.fromisoformat(str(value))
    except ValueError:
        raise BadData(f"field {name} is not a time: {value!r}") from None
    if parsed.tzinfo is None:
        raise BadData(f"field {name} has no time zone")
    return parsed.astimezone(UTC)


def _within(name: str, value: object, low: Decimal, high: Decimal) -> Decimal:
    if not isinstance(value, str) or len(value) > 64:
        raise BadData(f"field {name} is not decimal text")
    number = decimal(value)
    if not low <= number <= high:
        raise BadData(f"field {name} is {value}, outside {low}..{high}")
    return number


def _lineage(value: object) -> Lineage:
    try:
        return Lineage(**value)  # pyright: ignore[reportCallIssue]
    except TypeError:
        raise BadData("field lineage has missing or unknown fields") from None
