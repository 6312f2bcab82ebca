"""When an item says it was published, and whether that can be so."""

import math
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from trading.article import Mark

#: Clocks differ; a date that lies no further ahead than this is believed.
AHEAD = timedelta(minutes=5)
#: Older than the market: nothing that is news is.
_FIRST = datetime(2009, 1, 3, tzinfo=UTC)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: From this number on a count of seconds is one of milliseconds.
_MILLISECONDS = 10_000_000_000
_LONGEST = 64


def published(stated: str | float | None, first_seen: datetime) -> tuple[datetime | None, frozenset[Mark]]:
    """Return the stated date in UTC, None when it cannot be believed, and what was odd about it.

    `stated` is text as RFC 822 or ISO 8601 write it, or seconds or milliseconds since 1970. `first_seen` is when the
    item was first fetched: one and the same answer is judged alike at every later look.
    """
    found, zoned = read(stated)
    if found is None or found < _FIRST:
        return None, frozenset({Mark.UNDATED})
    if found > first_seen + AHEAD:
        return None, frozenset({Mark.FUTURE})
    return found, frozenset() if zoned else frozenset({Mark.NO_ZONE})


def read(stated: str | float | None) -> tuple[datetime | None, bool]:
    """Return a stated time in UTC, None when it cannot be read, and whether it names its zone."""
    if isinstance(stated, str):
        said = stated.strip()
        if said and len(said) <= _LONGEST:
            return _number(said) if said.isascii() and said.isdigit() else _text(said)
        return None, False
    if stated is None or isinstance(stated, bool) or not math.isfinite(stated):
        return None, False
    return _since(float(stated)), True


def _number(said: str) -> tuple[datetime | None, bool]:
    # Eight digits are a day, not a second of 1970.
    return _text(said) if len(said) <= 8 else (_since(float(said)), True)


def _since(count: float) -> datetime | None:
    try:
        return _EPOCH + timedelta(seconds=count / 1000 if abs(count) >= _MILLISECONDS else count)
    except OverflowError:
        return None


def _text(said: str) -> tuple[datetime | None, bool]:
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            found = read(said)
            zoned = found.tzinfo is not None
            return (found.astimezone(UTC) if zoned else found.replace(tzinfo=UTC)), zoned
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    return None, False
