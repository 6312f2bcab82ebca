"""The stamps of bars: on the grid, off it by a few milliseconds, off it for good, or written in several units."""

import polars as pl

from trading.market.finding import Finding, found
from trading.market.findings.sample import Sample, off_grid


def jitter(sample: Sample) -> list[Finding]:
    """Return the rows whose stamp misses the grid by so little that the grid is meant."""
    if sample.timeframe is None:
        return []
    moved = sample.rows.select("ts", off=(pl.col("ts") - sample.slots).dt.total_microseconds().abs() / 1000)
    moved = moved.filter(pl.col("off") > 0)
    return found("jitter", moved, f"up to {moved['off'].max() or 0:g} ms beside the grid of {sample.timeframe}")


def unaligned(sample: Sample) -> list[Finding]:
    """Return the rows whose stamp, jitter apart, is not an open time of the timeframe."""
    if sample.timeframe is None:
        return []
    behind = pl.DataFrame({"ts": sample.slots}).select(off_grid(sample.timeframe)).to_series()
    off = sample.rows.select("ts", behind=behind).filter(pl.col("behind") != 0)
    if off.is_empty():
        return []
    common = off["behind"].mode().min()
    hours = float(common) / 3.6e9  # pyright: ignore[reportArgumentType]
    return found(
        "unaligned time", off, f"not on the UTC grid of {sample.timeframe}; mostly {hours:g} h behind it", blocking=True
    )


def mixed_units(sample: Sample) -> list[Finding]:
    """Return the rows whose epoch number is in another unit than that of most rows."""
    if "unit" not in sample.rows.columns:
        return []
    units = sample.rows["unit"].value_counts(sort=True).drop_nulls()
    if units.height < 2:
        return []
    others = sample.rows.filter(pl.col("unit") != units["unit"][0])
    said = ", ".join(f"{count} in {unit}" for unit, count in units.iter_rows())
    return found("mixed stamp units", others, f"epoch numbers {said}; each read in its own unit")
