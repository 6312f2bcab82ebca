"""Several books at once: a campaign mostly waits, so its parts run side by side, each on a book of its own."""

from collections.abc import Callable
from pathlib import Path

#: So many at once.
BOOKS = 2
#: A part of a campaign: its folder, database, seed and number to a line about what it has seen.
Part = Callable[[Path, str, int, int], str]
Abreast = Callable[[Part], None]


def share(whole: int, number: int) -> int:
    """Return how many of `whole` part `number` does."""
    return whole // BOOKS + (number < whole % BOOKS)
