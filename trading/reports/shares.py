"""The parts of a book, told as rows: what each strategy or symbol contributed."""

from collections.abc import Mapping
from typing import Any

from trading.performance.attribution import Share
from trading.reports.figures import ratio

#: Where the capital lies that no strategy has.
_NOT_INVESTED = ("treasury", "-")


def rows(parts: Mapping[str, Share]) -> list[dict[str, Any]]:
    """Return one row per part in the order of their names, what is not invested last."""
    names = sorted(parts, key=lambda name: (name in _NOT_INVESTED, name))
    return [{"name": "not invested" if name in _NOT_INVESTED else name, **row(parts[name])} for name in names]


def row(share: Share) -> dict[str, Any]:
    """Return `share` as plain values: amounts in quote, `pnl_pct` and `exposure` as fractions."""
    pnl = {"pnl": share.pnl, "pnl_pct": ratio(share.pnl, share.opening), "pnl_since_start": share.pnl_since_start}
    return {**vars(share), **pnl, "exposure": ratio(share.position, share.closing)}
