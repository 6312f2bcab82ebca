"""JSON from strangers: bounded in depth, NaN refused, and a path to the list of items in it."""

import json
from collections.abc import Mapping
from typing import Any

from trading.errors import BadData


def loaded(text: str) -> Any:
    """Return the JSON of `text`, its decimal numbers as texts, so that no digit is lost.

    Raises:
        BadData: it is no JSON, or nested too deep.
    """
    try:
        return json.loads(text, parse_float=str, parse_int=_whole, parse_constant=_refused)
    except RecursionError:
        raise BadData("the JSON is nested too deep") from None
    except ValueError as error:
        raise BadData(f"the document is no JSON: {str(error)[:100]}") from None


def rows(document: Any, path: str) -> list[Any]:
    """Return the list at the dotted `path` of `document`, "" for the document itself.

    Raises:
        BadData: there is no list.
    """
    found = document if not path else at(document, path)
    if not isinstance(found, list):
        raise BadData(f"there is no list at {path!r}" if path else "the document is no list")
    return found


def at(value: Any, path: str) -> Any:
    """Return what is at the dotted `path` of nested objects and lists, None when there is nothing."""
    for name in path.split("."):
        if isinstance(value, Mapping):
            value = value.get(name)
        elif isinstance(value, list) and name.isascii() and name.isdigit() and len(name) < 7 and int(name) < len(value):
            value = value[int(name)]
        else:
            return None
    return value


def worded(value: Any) -> str:
    """Return a text or a whole number as text, "" for anything else."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def kept(value: Any) -> str:
    """Return what is kept of `value` for people to look at when it is quarantined."""
    return json.dumps(value, ensure_ascii=True, default=str)[:4_000]


def _whole(digits: str) -> int:
    # A number of thousands of digits takes seconds to read, and Python refuses one of more than 4,300.
    if len(digits) > 30:
        raise ValueError(f"a whole number of {len(digits)} digits")
    return int(digits)


def _refused(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")
