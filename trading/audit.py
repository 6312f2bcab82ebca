"""Canonical text and hashes of plain values, so that equal content has an equal hash on any machine."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any

from trading.money import text

#: What is its own canonical value; asked for first, for most values are one of these.
_PLAIN = frozenset({str, int, bool, type(None)})
#: What a stored row says about its writing, not about its subject.
_WRITING = ("run_id", "code_version", "recorded_at")


def plain(value: Any) -> Any:
    """Return `value` as JSON types: Decimals as plain text, times as ISO 8601 in UTC, dataclasses as objects.

    Raises:
        TypeError: a type that has no canonical text, such as a number that is not finite or a time without zone.
    """
    kind: type[Any] = type(value)  # pyright: ignore[reportUnknownVariableType]
    if kind in _PLAIN:
        return value
    if kind is dict:
        return {str(key): plain(item) for key, item in value.items()}
    if kind is list or kind is tuple:
        return [plain(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {name: plain(getattr(value, name)) for name in _names(kind)}
    return _plain_scalar(value)


@cache
def _names(kind: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


def _plain_scalar(value: Any) -> Any:
    if isinstance(value, Decimal) and value.is_finite():
        return text(value)
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, float) and math.isfinite(value):
        return repr(value)
    if isinstance(value, str | int):
        return value
    raise TypeError(f"no canonical text for {value!r}")


def canonical(value: Any) -> str:
    """Return the canonical JSON text of `value`: sorted keys, no spaces."""
    return _dumped(plain(value))


def digest(value: Any) -> str:
    """Return the hex SHA-256 of the canonical text of `value`."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def digest_plain(value: Any) -> str:
    """Return `digest(value)` of a value that `plain` has made, without making it again."""
    return hashlib.sha256(_dumped(value).encode()).hexdigest()


def digest_row(row: Mapping[str, Any]) -> str:
    """Return the hex SHA-256 of a stored row (values by column) without the marks of the run that wrote it."""
    return digest({name: value for name, value in row.items() if name not in _WRITING})


def _dumped(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
