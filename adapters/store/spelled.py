"""Statements with their values written into them, as a reader can ask them of the database by hand."""

import re
from collections.abc import Mapping
from datetime import datetime

Value = str | datetime | float


def spelled(statement: str, values: Mapping[str, Value]) -> str:
    """Return `statement` with each %(name)s as a literal and each %% as one; texts quoted, times in ISO 8601."""

    def put(found: re.Match[str]) -> str:
        return "%" if found[1] is None else _literal(values[found[1]])

    return re.sub(r"%%|%\((\w+)\)s", put, statement)


def _literal(value: Value) -> str:
    if isinstance(value, int | float):
        return repr(value)
    text = value.isoformat() if isinstance(value, datetime) else value
    return "'" + text.replace("'", "''") + "'"
