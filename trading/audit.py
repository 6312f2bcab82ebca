"""Canonical text and hashes of plain values, so that equal content has an equal hash on any machine."""

import hashlib
import json
import math
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from trading.money import text


def plain(value: Any) -> Any:  # noqa: PLR0911 - one return per type reads best
    """Return `value` as JSON types: Decimals as plain text, times as ISO 8601 in UTC, dataclasses as objects.

    Raises:
        TypeError: a type that has no canonical text, such as a number that is not finite or a time without zone.
    """
    if isinstance(value, Decimal) and value.is_finite():
        return text(value)
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).isoformat()
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]  # pyright: ignore[reportUnknownVariableType]
    if value is None or isinstance(value, str | int | bool):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return repr(value)
    raise TypeError(f"no canonical text for {value!r}")


def canonical(value: Any) -> str:
    """Return the canonical JSON text of `value`: sorted keys, no spaces."""
    return json.dumps(plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(value: Any) -> str:
    """Return the hex SHA-256 of the canonical text of `value`."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()
