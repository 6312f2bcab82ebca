"""Where a change stands in its venue's numbering: the next one, an old one, or behind a hole."""

from trading.order_book import BookUpdate, Fate, Numbering


def judge(update: BookUpdate, last: int | None, *, fresh: bool) -> Fate:
    """Return APPLIED when `update` is due after `last`, STALE when it is old or known, GAP when one is missing.

    `fresh` says that `last` is the number of a snapshot and nothing followed yet: the first change need only cover it.
    """
    if update.numbering is Numbering.NONE or last is None:
        return Fate.APPLIED
    if update.last is None:
        return Fate.GAP
    match update.numbering:
        case Numbering.RANGE:
            return _range(update.first, update.last, last)
        case Numbering.CHAIN:
            return _chain(update, update.last, last, fresh=fresh)
        case _:
            return Fate.APPLIED if update.last > last else Fate.STALE


def _range(first: int | None, covered: int, last: int) -> Fate:
    if covered <= last:
        return Fate.STALE
    return Fate.APPLIED if first is not None and first <= last + 1 else Fate.GAP


def _chain(update: BookUpdate, covered: int, last: int, *, fresh: bool) -> Fate:
    if update.previous == last:
        return Fate.APPLIED  # OKX begins at a lower number after maintenance, and repeats one to say that it lives
    if fresh and update.previous is not None and update.previous < last <= covered:
        return Fate.APPLIED
    return Fate.STALE if covered <= last else Fate.GAP
