"""Missing bars: gaps inside the series, bars that nobody traded in, and what a source should cover and does not."""

import polars as pl

from trading.market.finding import Finding, found
from trading.market.findings.sample import Sample
from trading.market.gaps import GAPS, gaps

#: A hole of at most so many bars can be a time in which nobody traded.
QUIET_BARS = 15


def gap_map(sample: Sample) -> pl.DataFrame:
    """Return the gaps of the bars: start (first missing), end (exclusive), bars."""
    if sample.timeframe is None:
        return pl.DataFrame(schema=GAPS)
    return gaps(sample.bars.select("ts", symbol=pl.lit("")), sample.timeframe)


def gap(sample: Sample) -> list[Finding]:
    """Return the bars that are missing between the first and the last; the count is of the bars."""
    holes = gap_map(sample)
    if holes.is_empty() or sample.timeframe is None:
        return []
    longest = holes.sort("bars").row(-1, named=True)
    detail = f"{holes.height} gaps, the longest of {longest['bars']} bars from {longest['start']:%Y-%m-%d %H:%M}"
    last = pl.col("end").max() - sample.timeframe.delta
    edges = pl.concat([holes.select(ts=pl.col("start").min()), holes.select(ts=last)])
    return found("gap", edges, detail, int(holes["bars"].sum()))


def absent(sample: Sample) -> list[Finding]:
    """Return the short gaps of a series without one empty bar: its source seems to leave out times without a trade."""
    if "volume" not in sample.values or sample.bars.select((pl.col("volume") == 0).any()).item():
        return []
    short = gap_map(sample).filter(pl.col("bars") <= QUIET_BARS)
    if short.height < 5:
        return []
    detail = f"in {short.height} short gaps, and no bar has zero volume: times without a trade seem to be left out"
    return found("no-trade bars absent", short.select(ts="start"), detail, int(short["bars"].sum()))


def span(sample: Sample) -> list[Finding]:
    """Return the bars missing at the edges of the time that the source says it covers."""
    if sample.span is None or sample.timeframe is None or sample.bars.is_empty():
        return []
    start, end = sample.span
    first, last = sample.bars["ts"][0], sample.bars["ts"][-1] + sample.timeframe.delta
    before, after = max(0, (first - start) // sample.timeframe.delta), max(0, (end - last) // sample.timeframe.delta)
    if not before + after:
        return []
    edges = pl.DataFrame({"ts": [start if before else last, end - sample.timeframe.delta if after else first]})
    detail = (
        f"{before} bars missing at the start and {after} at the end of {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}"
    )
    return found("span not covered", edges, detail, before + after)
