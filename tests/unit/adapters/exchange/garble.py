"""Breaks what exchanges say, in its letters or in its structure."""

import json
import random
from typing import Any

HOSTILE: list[Any] = [
    None, True, -1, 0, 1e308, "", " ", "NaN", "-0", "1e400", "\x00", "\u202e1", "9" * 400, [], {}, [[]], [None], "null",
    "99.5", ["99.5"], {"price": "99.5"}, "1; drop table market.candles", "\uff11",
]  # fmt: skip
_LETTERS = (0, 34, 44, 46, 48, 57, 91, 93, 123, 125, 0x661, 0xD800)


def garbled(chance: random.Random, text: str) -> str:
    """Return `text` with one to three things wrong: in its letters, or in its structure."""
    for _ in range(chance.randrange(1, 4)):
        place = chance.randrange(len(text) + 1)
        match chance.randrange(6):
            case 0:
                text = text[:place]
            case 1:
                text = text[:place] + chr(chance.choice(_LETTERS)) + text[place:]
            case 2:
                text = text[:place] + text[place + chance.randrange(1, 9) :]
            case _:
                text = restructured(chance, text)
    return text


def restructured(chance: random.Random, text: str) -> str:
    """Return `text` with one of its values taken away, wrapped or replaced; as it is when it is no JSON."""
    try:
        message = json.loads(text)
    except ValueError:
        return text
    places: list[tuple[Any, Any]] = []
    waiting = [message]
    while waiting:
        node = waiting.pop()
        inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
        for key, value in inner:
            places.append((node, key))
            waiting.append(value)
    if places:
        node, key = chance.choice(places)
        match chance.randrange(4):
            case 0:
                del node[key]
            case 1:
                node[key] = [node[key]]
            case _:
                node[key] = chance.choice(HOSTILE)
    return json.dumps(message)
