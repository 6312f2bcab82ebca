"""Limits as a person writes them: NAME=VALUE, each a limit that there is, within its range."""

import re
from collections.abc import Sequence

from pydantic import ValidationError

from trading.errors import Misconfigured
from trading.limits import Limits


def wanted(given: Sequence[str], option: str) -> dict[str, str]:
    """Return the wanted limits by name; `option` is what stood before each on the command line, such as `--change `.

    Raises:
        Misconfigured: one is not NAME=VALUE, is no limit, comes twice or has a value out of its range.
    """
    values: dict[str, str] = {}
    for each in given:
        found = re.fullmatch(r"(?:limit\.)?(\w+)=(.+)", each)
        if not found:
            raise Misconfigured(f"{option}{each!r} is not NAME=VALUE, such as max_position=0.5")
        name, value = found.groups()
        if name not in Limits.model_fields:
            raise Misconfigured(f"{option}{name}: there is no such limit; there are {', '.join(Limits.model_fields)}")
        if name in values:
            raise Misconfigured(f"{option}{name} is given twice")
        values[name] = value
    changed(Limits(), values, option)
    return values


def changed(limits: Limits, values: dict[str, str], option: str) -> Limits:
    """Return `limits` with other `values`; Misconfigured names the one that cannot be."""
    try:
        return Limits(**{**limits.model_dump(), **values})
    except ValidationError as error:
        first = error.errors()[0]
        raise Misconfigured(f"{option}{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
