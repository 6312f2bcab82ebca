"""A file that tells the time twice, as a number and as a text: the text may be a local time, the number is believed."""

import polars as pl

from trading.market.finding import Finding, found
from trading.market.findings.order import is_descending
from trading.market.findings.sample import Sample

#: Zones that exporters forget to name, as their users know them.
_ZONES = {"America/New_York": "US Eastern", "America/Chicago": "US Central", "Europe/London": "London"}


def find(sample: Sample) -> list[Finding]:
    """Return the rows whose written date is another time than their unix stamp, with the zone it seems to be."""
    if "text_ts" not in sample.rows.columns or sample.timeframe is None:
        return []
    both = sample.rows.select("ts", "text_ts").drop_nulls()
    if both.is_empty() or _only_days(both, sample.timeframe.seconds):
        return []
    apart = (pl.col("text_ts") - pl.col("ts")).dt.total_seconds()
    wrong = both.with_columns(apart=apart).filter(pl.col("apart").abs() >= 60)
    if wrong.is_empty():
        return []
    low, high = wrong.select(pl.col("apart").min() / 3600, pl.col("apart").max().alias("high") / 3600).row(0)
    shift = f"{low:+g} h" if low == high else f"{low:+g} to {high:+g} h"
    detail = f"the written date is {shift} from the unix column{_zone(wrong)}; the unix column is believed"
    if is_descending(both["ts"]) and not is_descending(both["text_ts"]):
        detail += "; by their text the rows would be mixed"
    return found("text date disagrees", wrong, detail)


def _only_days(both: pl.DataFrame, seconds: int) -> bool:
    """Return whether the text tells the day alone, and rightly so."""
    whole = both.select((pl.col("text_ts").dt.truncate("1d") == pl.col("text_ts")).all()).item()
    same = both.select((pl.col("ts").dt.truncate("1d") == pl.col("text_ts")).all()).item()
    return bool(whole and same and seconds < 86400)


def _zone(wrong: pl.DataFrame) -> str:
    for zone, called in _ZONES.items():
        local = pl.col("ts").dt.convert_time_zone(zone).dt.replace_time_zone(None)
        fits = local == pl.col("text_ts").dt.replace_time_zone(None)
        # One hour a year is told twice, and some exporters leave their zone on another day than it changes.
        if wrong.select(fits.mean()).item() >= 0.9:
            return f" ({called} time)"
    return ""
