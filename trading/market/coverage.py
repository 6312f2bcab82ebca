"""Coverage: what the rows of one market hold, what is missing, and all that was found on the way."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from trading.market.finding import Finding
from trading.market.findings import (
    columns,
    duplicates,
    ends,
    holes,
    moves,
    order,
    prints,
    quiet,
    quotes,
    rates,
    row_rules,
    splice,
    stamps,
    text_date,
)
from trading.market.findings.sample import Sample

Check = Callable[[Sample], list[Finding]]


def _rows(sample: Sample) -> list[Finding]:
    return row_rules.find(sample.raw) if set(row_rules.VALUES) <= set(sample.values) else []


def _order(sample: Sample) -> list[Finding]:
    return order.find(sample.rows)


def _spikes(sample: Sample) -> list[Finding]:
    return moves.spikes(sample.bars)


_STAMPS: tuple[Check, ...] = (
    _order,
    duplicates.equal,
    duplicates.conflicting,
    stamps.jitter,
    stamps.unaligned,
    stamps.mixed_units,
    text_date.find,
    holes.gap,
    holes.span,
    ends.find,
    columns.constant,
    columns.empty,
)

#: The checks of each kind of data, in the order in which they are told.
REGISTRY: dict[str, tuple[Check, ...]] = {
    "candles": (
        _rows,
        *_STAMPS,
        holes.absent,
        quiet.zero_volume,
        quiet.flat_fill,
        columns.swapped_volumes,
        _spikes,
        moves.large_moves,
        moves.wicks,
        moves.ticker_reuse,
        splice.find,
    ),
    "trades": (
        prints.broken,
        _order,
        prints.repeated_ids,
        prints.missing_ids,
        prints.shared_stamps,
        prints.whole_seconds,
        prints.no_side,
        stamps.mixed_units,
        columns.constant,
        columns.empty,
    ),
    # Some files keep the rates in the shape of candles.
    "funding": (rates.find, _rows, *_STAMPS, quiet.zero_volume),
    "quotes": (quotes.find, *_STAMPS),
}


@dataclass(frozen=True)
class Coverage:
    """The rows of one market in numbers; `expected` and the gaps are None where the rows have no timeframe."""

    rows: int
    first: datetime | None
    last: datetime | None
    expected: int | None
    missing: int | None
    gaps: int | None
    longest_gap: int | None
    findings: tuple[Finding, ...]

    @property
    def blocking(self) -> bool:
        """True when a finding says that rows must not be used as they are."""
        return any(finding.blocking for finding in self.findings)


def coverage(sample: Sample) -> Coverage:
    """Return what a sample holds."""
    times = sample.rows["ts"].drop_nulls()
    first, last = (
        pl.DataFrame({"ts": times}).select(pl.col("ts").min().alias("a"), pl.col("ts").max().alias("b")).row(0)
    )
    findings = tuple(finding for check in REGISTRY[sample.kind] for finding in check(sample))
    expected = missing = many = longest = None
    if sample.timeframe is not None:
        found = holes.gap_map(sample)
        many, missing = found.height, int(found["bars"].sum())
        longest = int(found["bars"].max() or 0)  # pyright: ignore[reportArgumentType]
        expected = sample.bars.height + missing
    return Coverage(sample.rows.height, first, last, expected, missing, many, longest, findings)
