"""The universe of a venue through time: what it lists now, against what it was known to list."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from trading.errors import BadData
from trading.listing import Listing

DELISTED = "DELISTED"
#: No venue drops more of its markets at once; more that are missing is an answer cut short.
_MOST_GONE, _FEW = 0.2, 3


def universe(known: Mapping[str, Listing], found: Iterable[Listing], now: datetime) -> list[Listing]:
    """Return the newest version of every listing: those `found` now, and those `known` that are there no more.

    `known` holds the newest version of each by symbol. A date of listing that was stated once is kept.

    Raises:
        BadData: so many are gone that the answer cannot be whole; nobody is delisted by it.
    """
    listed = {one.symbol: _dated(one, known.get(one.symbol)) for one in found}
    active = [one for one in known.values() if one.status != DELISTED]
    gone = [one for one in active if one.symbol not in listed]
    if len(gone) > max(_FEW, _MOST_GONE * len(active)):
        raise BadData(f"{len(gone)} of {len(active)} markets are missing from the answer; it is taken for incomplete")
    ended = [replace(one, status=DELISTED, delisted_at=min(one.delisted_at or now, now)) for one in gone]
    return sorted([*listed.values(), *ended], key=lambda one: one.symbol)


def _dated(one: Listing, before: Listing | None) -> Listing:
    if one.listed_at is not None or before is None or before.status == DELISTED:
        return one
    return replace(one, listed_at=before.listed_at)
