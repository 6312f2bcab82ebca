"""A finding: one check of market data that found something, with its stable name, count, times and a line of detail."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import polars as pl


@dataclass(frozen=True)
class Finding:
    """One check that found something; a `blocking` one closes the gate of the symbol. Times are bar open times."""

    check: str
    blocking: bool
    count: int
    first_ts: datetime | None
    last_ts: datetime | None
    detail: str


def found(
    check: str, rows: pl.DataFrame, detail: str, count: int | None = None, *, blocking: bool = False
) -> list[Finding]:
    """Return the finding that `rows` (with a column ts) make, if any; `count` defaults to how many they are."""
    if rows.is_empty():
        return []
    first, last = rows.select(pl.col("ts").min().alias("first"), pl.col("ts").max().alias("last")).row(0)
    return [Finding(check, blocking, rows.height if count is None else count, first, last, detail)]


def closing(findings: Iterable[Finding], last_open: datetime) -> dict[str, str]:
    """Return check and detail of the findings that close the gate: blocking ones about the newest bar due."""
    return {f.check: f.detail for f in findings if f.blocking and f.last_ts is not None and f.last_ts >= last_open}
