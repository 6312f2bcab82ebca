"""The holding period: more than a year, counted from the day after the acquisition.

Source: section 1222 of the Internal Revenue Code; Revenue Ruling 66-7 for the last day of a month.
"""

from datetime import date, timedelta
from enum import StrEnum


class Term(StrEnum):
    """How long it was held, where the country asks."""

    SHORT = "short"
    LONG = "long"


def more_than_a_year(acquired: date, disposed: date) -> bool:
    """Return whether coins of `acquired` had been held for more than a year on `disposed`, both days local.

    The anniversary itself is not more than a year: 1 May to 1 May is short, to 2 May long.
    """
    begins = acquired + timedelta(days=1)
    try:
        year_later = begins.replace(year=begins.year + 1)
    except ValueError:  # it begins on 29 February
        year_later = date(begins.year + 1, 3, 1)
    return disposed >= year_later
